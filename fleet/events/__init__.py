"""Events as they are kept: each once, its rows and sums, the marks of streams, and what is missing or unreadable."""
