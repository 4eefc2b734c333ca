"""Content on the glass before anybody signs it: pictures of what a wall would show, and the pre-flight of a release."""
