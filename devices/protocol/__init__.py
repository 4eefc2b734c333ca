"""Wire protocols without wires: bytes in, frames or events out; standard library only."""
