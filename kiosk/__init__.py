"""PROGRAM in the station: the agent that owns session, money and devices, and the screen that only draws."""
