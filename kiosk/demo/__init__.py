"""The whole shop on one machine: broker, fleet, sandbox bank, kiosk, and peripherals played by software.

It starts the very programs an operator runs, as child processes joined by real wires (MQTT, HTTP, pseudo-terminals),
and serves one page on loopback that shows the wall's live pixels and plays the world around it.
"""

from kiosk.demo.main import main

__all__ = ["main"]
