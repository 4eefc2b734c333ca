"""How the kiosk changes files that must survive a power cut: content.durable, under the name the kiosk's parts use."""

from content.durable import DISK as DISK
from content.durable import Disk as Disk
from content.durable import put as put
from content.durable import remove as remove
