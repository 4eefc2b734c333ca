"""Bytes in and out, one small port each: `read(timeout)`, `write(data, deadline)`, `wake()`, `close()`."""
