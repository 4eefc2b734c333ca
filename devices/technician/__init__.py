"""What a technician holds: `endcap devices`, guided tests, and the door to the devices a running agent has."""
