"""Agent and screen, joined: in memory, or on a socket between two processes."""
