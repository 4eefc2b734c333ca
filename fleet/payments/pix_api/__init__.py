"""Pix by "API Pix", the interface Brazil's central bank prescribes to every provider (bacen/pix-api, 2.9.0).

`wire` is what travels and how it reads, `session` the mutually authenticated connection with its OAuth 2 token,
`hook` who may tell of payments, `adapter` the provider of the port.
"""
