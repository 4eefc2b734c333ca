"""The broker: embedded, or the nodes of a cluster; child processes that end with their owner."""
