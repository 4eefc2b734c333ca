"""Drivers join a protocol to a transport. One thread turns a driver; `wake` and the commands may come from any."""
