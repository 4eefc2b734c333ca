"""WeChat Pay by its API v3, product "Native": the wall shows a code, the payer's WeChat scans it.

`wire` is what travels and how it reads, `seal` signatures and encryption, `session` the signed connection, `hook` what a
notification says, `adapter` the provider of the port. Sources are the pages of pay.weixin.qq.com/doc/v3/merchant named
where they are followed.
"""
