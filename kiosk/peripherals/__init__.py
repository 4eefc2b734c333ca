"""Scanner, card reader and printer on the agent's port, and what is printed."""
