"""What many kiosks cost: back after a broker's restart, a command's way, memory as their number grows, capacity."""
