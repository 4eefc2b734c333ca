"""Alipay in mainland China, product "precreate": the wall shows a code, the payer's Alipay scans it.

`wire` is what travels and how it reads, `session` the signed connection, `hook` who may tell of payments, `adapter` the
provider of the port. Sources are opendocs.alipay.com's pages of alipay.trade.* and Alipay's own libraries.
"""
