"""Which of the things that hang on this machine a setting means, and who may open it."""
