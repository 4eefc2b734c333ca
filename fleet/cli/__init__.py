"""What `endcap fleet` can do, a module for each of its commands."""
