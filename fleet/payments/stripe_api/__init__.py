"""Stripe, through its own SDK: QR codes and cards by PaymentIntents, pages for phones by Checkout Sessions.

Not called `stripe`, which is the SDK's name. `wire` is what its objects mean to us, `client` the SDK held to our rules,
`hook` who may tell of payments, `adapter` the provider of the port.
"""
