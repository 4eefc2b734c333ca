"""A provider that moves no money: charges, refunds, signed webhooks, and pages where one presses Pay.

It is a program of its own (`endcap fleet sandbox`), because that is what a provider is to the fleet: somebody else,
reached over HTTP, who may be slow, gone, or late. It survives restarts in one SQLite file.
"""
