"""WeChat Pay's own published examples of its signatures, and those of its official Java library (Apache 2.0).

The private key is an example that belongs to nobody: it is printed with its signatures on the pages named here.
"""

from __future__ import annotations

from typing import Final

import pytest

from fleet.payments import rsa
from fleet.payments.port import BadWebhook
from fleet.payments.wechat_api.seal import Platform, PlatformKey, authorization, opened

# https://pay.weixin.qq.com/doc/v3/merchant/4012365334 and .../4012365336
NONCE: Final = "593BEC0C930BF1AFEB40B4A08C8FB242"
SECONDS: Final = 1554208460
MCHID, SERIAL = "1900007291", "408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB"
EXAMPLE_KEY: Final = b"""-----BEGIN PRIVATE KEY-----
MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQCm2mb6q8gMKH/3
CNTbpJAIrbqiBiQGEOtjGcBrDYltsGynWgNscqT7WvfzU14FQbYcQUC5T4Wvva7m
i3fIp3OgX8VqMDNA0qebnr38Pe6kqiLyZgFpJPXlSKDyPyqhRbVTbXssvSMQeVKc
dXeVxoNNeoOlNFHgF/P0io6AmAVnz+hN8SiZKuOsth5/zUTLGvtkgxBcQooQrtXh
RcpLT798OyIb9xeJ2HO3xRtMv2+perEzb4gMibI74UBz+2QEbnkubPE+2jU2rRZu
dnNEz/BPOt3Qj/w2V6/G0VumGDh6+UeMU0jv4aupHztWITC4Akn0l7lBCNy3lgl8
VFaJnkIxAgMBAAECggEAYGL8aESB7NwciDWW2UdoWUsa7GxFtSdjAz2mFXGdeTsY
mVh7b9OOkRGM+Qio4LqEHDBp1mMk5E/cUJwy1zw8pGGO5nfvs7u9TT3XnHaefIs4
YvUgTYAneIuLRkXNN5rQU+CD7mVYczTSz0Vgjqo9wa1LjUz7G0xbBmJgTdMEFGJs
eJjy6AbJo0CGIwp6HJbTm4CmOUgXnnDAIbEGTIRImkZFH/rzneIeR7oZ77FVwxr1
CZB2gfRCov/yRPbw8vnryYkmvQ7D/ze3j5097vRg/MoDGBSdoOwcmo75vyofr0AS
zytMjmHYyifqkf5slPropSiJeGf4p/7gtKyF6dE/XQKBgQDVAlJ+4U5ZVGOuDc3+
sAhz8CTzgFNlq9vKuSoFK6hOz2L+cwj+E7NXGkOe2DsHHZNy2Xqxk7caKhPEp1z9
hhpMpyLVMoFt6CKemyoRBWDCQwLLwem9SZF/IAyovBkLiH36P42Jm26gUkNMKC/5
Zhtqxf6RZgRQzbVudJi47vIRCwKBgQDIh0+v27Oo+DM3fhObH4I1NrXpWOEGH7OQ
G1dEsMuFYF4hjGhg0kBEP3w9vVdl2+mRllZKTsx9oqjb8OibPLLIH8xsdbAB0WLf
JvjLu4wl/ILUzN1RI03dWnnv2EnEeQn6c3hizvrJ9wR5U4ue9RPVnQooJ0hZF1PU
uCL5fWK3MwKBgElReU/PAYbh80WP3t3Rfbdaa32dKBeQ5iCLR5lsA4zM+YgX1HqQ
EWTj126vgvHaDkyz6vWAoL/Sx+cirHFfXWIRDX5Q2hgYlQH+6qXdMgbrxeSYpHnQ
/tHBGFpkFELSAnrGsVMyOwvYBO4LzyeLK9i+ufcWJFoj1FVmsMLHDG8tAoGARdbi
iQQCoYG4DMarO2aQ6cmhN6EN1h0qY7EyBqlwaIZ0okiNfdMcMOjPc41DKCWcRmlO
qlihXcxN9TQFPzO3rH1urAOdBjUPs1qWYhZyrDQyuLyVBBJApyxAtajloDjrob+f
mQIvVDHk7ACN6xG+E7K6+9salnTKbJapD618uQMCgYBNy6XUvzLkP/A1U/UZdtcx
l8GwU/dturLxz4CyGbqDw4ubaYY2e13lnqHUqQgPtiSyH51nq3tdo8G0YAJdfkSv
KvnfslW91fyEBUKnkdW1o3/1UFU/wprZ7ixVL/F42A4xDu7OFE8EnweJOZ0jWceE
OdhCkaIGBCfRnlECRK8UyQ==
-----END PRIVATE KEY-----"""
ORDER: Final = (
    '{"appid":"wxd678efh567hg6787","mchid":"1900007291","description":"Image形象店-深圳腾大-QQ公仔",'
    '"out_trade_no":"1217752501201407033233368018","notify_url":"https://www.weixin.qq.com/wxpay/pay.php",'
    '"amount":{"total":100,"currency":"CNY"},"payer":{"openid":"oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"}}'
)
REQUESTS: Final = [
    (
        "GET",
        "/v3/refund/domestic/refunds/123123123123",
        "",
        "Lc9VXxmeonkdV8Xk9tmigQFLhl0vRWTerdmoRu01aAnYwIrD/5nsSwE1WlmZGLRlAFTNQ3QsMa0+VRDlJp1Wp5p0nO8EK68b5sJBbjouxaFciIfq1zfDWWz+jqhcMoKXI1A6dPm1AW7D4d30WsMTNzp6g23OXakIsh9LO3lUmwvTuE0BY8ncf6tNGk4wKmvXwERd/ZpoQY3MAVKz+Nakwc+2XBmzT66KcUehU5kr4IvGa/lEU5RZb/q00zP9VLdBhC/jQSX3X1UcJLCtEc4gTmib4tnmAT+bHF/e17ZAuxDNcx6rqT8gNEXqaJGG+1OflMSTU2tpyG65G4dMKdFcoA==",
    ),
    (
        "POST",
        "/v3/pay/transactions/jsapi",
        ORDER,
        "jnks4dlrPw3ZX+ozVvSK39oa0t7OMBsg83BHAwd8BRdUFiVaQNTLTvci+wURgP1OQBbKYhFGvt7iqYpDSTQkp7Uq1sltaQKyncCyrA1g88m5bsKERQfPyT0ahSwKTYJ1CAn9QiJuSJRq1QsQs07eehbU/k9BCS51jTyc1Jpsi2H77HF9f/BnjXAOP3/sPObg6V5Ee4EzwLox684hhuMuIwHo7D8KFk3LIHOKDcNI4It1aCXydFWNpNK+SG86VUDe5kwoDpw4Ulqfu9z8OFDGbDs9TCxEv8iqQzbpxOlEVoOe2kalSYM5kApQb3nZcxdUtoE0liJGW3RGUNE0t4v01A==",
    ),
]

# https://pay.weixin.qq.com/docs/merchant/development/interface-rules/signature-verification.html: an answer to a Native
# order as WeChat Pay has signed it, and its public key.
ANSWERED: Final = 1722850421
ANSWER: Final = b'{"code_url":"weixin://wxpay/bizpayurl?pr=JyC91EIz1"}'
ANSWER_NONCE: Final = "d824f2e086d3c1df967785d13fcd22ef"
ANSWER_SIGNATURE: Final = "mfI1CPqvBrgcXfgXMFjdNIhBf27ACE2YyeWsWV9ZI7T7RU0vHvbQpu9Z32ogzc+k8ZC5n3kz7h70eWKjgqNdKQF0eRp8mVKlmfzMLBVHbssB9jEZEDXThOX1XFqX7s7ymia1hoHQxQagPGzkdWxtlZPZ4ZPvr1RiqkgAu6Is8MZgXXrRoBKqjmSdrP1N7uxzJ/cjfSiis9FiLjuADoqmQ1P7p2N876YPAol7Rn0+GswwAwxldbdLrmVSjfytfSBJFqTMHn4itojgxSWWN1byuckQt8hSTEv/Lg97QoeGniYP17T80pJeQyL3b+295FPHSO2AtvCgyIbKMZ0BALilAA=="
PLATFORM_KEY: Final = b"""-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAwXNI6sdlknHBnK8Fu2U6
Cwor9qY747jP8KAfeBMeveEt1TqaHkLfaSD07trZLhGpfs8/AHqjhgSMO1O10YQW
OrrJ4hjIWPKqxbgrYMkBQc+mwdiWp4W3ByCqxBRagCveCXRWCmuJYovl9H/bsDI0
iGbpVtEOghJtfciisYSgxcLufUDTRkvwxjIBK1pCRjk33jJ5YTBWTHMRtMAOcFLN
F6hdEYdX8SPsgHHeLZ5Lv2T/686w1xtgCHef/sd4uSfWmyzsalQdHG/e4IyYmrhx
+O3VBoNDzE3nx23bFeV/RVNCG7cV6VhmYokJNHa/erIPkEmEFID6A5wQOXuxUkmJ
WwIDAQAB
-----END PUBLIC KEY-----"""
KEY_ID: Final = "PUB_KEY_ID_0000000000000024101100397200000006"


@pytest.mark.parametrize(("verb", "target", "body", "signature"), REQUESTS)
def test_a_request_is_signed_as_the_page_shows(verb: str, target: str, body: str, signature: str) -> None:
    key = rsa.private_key(EXAMPLE_KEY)
    assert authorization(key, MCHID, SERIAL, verb, target, body.encode(), SECONDS, NONCE) == (
        f'WECHATPAY2-SHA256-RSA2048 mchid="{MCHID}",nonce_str="{NONCE}",signature="{signature}",'
        f'timestamp="{SECONDS}",serial_no="{SERIAL}"'
    )


def test_an_answer_wechat_pay_has_signed_is_believed() -> None:
    platform = Platform({KEY_ID: PlatformKey(rsa.public_key(PLATFORM_KEY))})
    headers = {
        "wechatpay-timestamp": str(ANSWERED), "wechatpay-nonce": ANSWER_NONCE, "wechatpay-serial": KEY_ID,
        "wechatpay-signature": ANSWER_SIGNATURE,
    }  # fmt: skip
    platform.check(headers, ANSWER, ANSWERED + 299)
    with pytest.raises(BadWebhook, match="stale"):
        platform.check(headers, ANSWER, ANSWERED + 301)
    for body in (ANSWER[:-1], ANSWER.replace(b"JyC9", b"JyC8"), b""):
        with pytest.raises(BadWebhook, match="forged"):
            platform.check(headers, body, ANSWERED)


def test_what_the_official_library_has_encrypted_opens() -> None:
    """wechatpay-apiv3/wechatpay-java at 79e0875, AeadAesCipherTest and TestConfig.API_V3_KEY."""
    key, sealed = b"a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb", "ulwSiIajGClcvcOYvOQ7+l+0PAbzzwI="
    assert opened(key, sealed, "uluk4a9R25RW", "associatedData") == b"message"
    for ciphertext, nonce, extra in (
        (sealed, "uluk4a9R25RX", "associatedData"),
        (sealed, "uluk4a9R25RW", ""),
        ("!", "uluk4a9R25RW", "associatedData"),
        (sealed, "", "associatedData"),
    ):
        with pytest.raises(BadWebhook, match="forged"):
            opened(key, ciphertext, nonce, extra)
