"""Releases: what an operator publishes, cut into blobs, listed by a manifest, signed by The Update Framework.

`manifest` says what a release is, `packing` makes one out of parts and files, `repository` is the folder a web server
serves, `keys` are who may sign. docs/releases.md tells the whole of it.
"""
