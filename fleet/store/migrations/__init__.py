"""How the fleet's database got its shape, step by step. See docs/store.md: how to add one."""
