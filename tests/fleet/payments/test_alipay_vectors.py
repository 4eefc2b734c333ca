"""What Alipay itself has signed: an answer and a notification, as the tests of its official library publish them.

Source: alipay/alipay-sdk-nodejs-all (MIT) at 02e76a3, test/alipay.test.ts, `checkResponseSign` and `checkNotifySign`, with
test/fixtures/alipay-public-key.pem at bf1c026.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

import pytest

from fleet.payments import rsa
from fleet.payments.alipay_api import hook, wire
from fleet.payments.alipay_api.session import Account
from fleet.payments.port import BadWebhook
from tests.fleet.payments import fake_keys
from tests.fleet.payments.fake_alipay import FORM

ANSWERS_KEY: Final = b"""-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAk7LzhmMa2c4qQd4fqAqe
nfbuFoA7stPKvoS1LrZEsVnOOGUUjwoa1oU9xsSPjcOWhIerU/VAN4J95GIAXx59
ipcleIyfLn2FhHXPgLJpvo+b2jJFyn/1/DbeJDh+0yDVAOf50Z7HhI0mdUhFMkXl
T7BU0ZMtJf/TmISFEfhDU/w6qFd6D42L97byAkq0K6LroglSVF24GqJEa7hSeUIk
ZWj7RasykXrc2uVJ1+ejkXE0LyPxa2AHykMGbJLf5SiZvaNzUZgnKIR36mLOHpQ/
2JCXxhXZYUWHzy0kMH54JcUEeksFWBYLGvLjV1phbcUIc3Q76tIuqApY6E222OoZ
ZQIDAQAB
-----END PUBLIC KEY-----"""
ANSWER: Final = (
    b'{"alipay_open_file_upload_response":{"code":"10000","msg":"Success","file_id":"CAxAToWB1JsAAAAAAAAAAAAADgSLAQBr"},'
    b'"sign":"F+LDzpTNiavn7xVZPGuPCSSVRSmWzJGgtuji6tVELGEaqMaNj0jRKXUEr5nloZJBBmwEnddOyCjjepMmrTKTvoOqQ0Efxpr/R1iEeHTHVbb/'
    b"Q8TTh6Up5gHJDkILdaWS2q1cWeQ6VT+HQY9P3WRXS7uhILHuDODIhpAyCu5KhWGt0rMCIG+Im6NODJP2oohtSCtmTFXg58HH587Z2y2bdbjzOxLvzD9I"
    b"rU1imghXQ2S/Q+wMIvRk9on6cWnBLkrNvJKapA2ReNGWOwyuASvB9zDVzhMPbR+3mfRGkVDxsq5HYLjBKGskJMXHw0HuugZij6ScRuaLPODhmHwr/pJ9"
    b'yw=="}'
)

# As it is shown in Alipay's console, without any armour.
NOTICES_KEY: Final = (
    b"MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAqObrdC7hrgAVM98tK0nv3hSQRGGKT4lBsQjHiGjeYZjOPIPHR5knm2jnnz/YGIXIofVHkA/t"
    b"AlBAd5DrY7YpvI4tP5EONLtZKC2ghBMx7McI2wRD0xiqzxOQr1FuhZGJ8/AUokBzJrzY+aGX2xcOrxFYRlFilvVLTXg4LWjR1tdPkO6+i7wQZAIVMClP"
    b"kwVRZEbaERRHlKqTzv2gGv5rDU8gRoe1LeaN+6BlbTqHWkQcNCUNrA8C6l17XAXGKDsm/9TFWwO8EPHHHCaQdjtV5/FdcWIt+L8SR1ss7EXTjYDFtxcK"
    b"Vv9rEoY1lX8T4mX+GbXfZHraG5NCF1+XioL5JwIDAQAB"
)
NOTICE: Final = {
    "gmt_create": "2019-08-15 15:56:22", "charset": "utf-8", "seller_email": "z97-yuquerevenue@service.aliyun.com",
    "subject": "语雀空间 500人规模", "buyer_id": "2088102534368455", "invoice_amount": "0.10",
    "notify_id": "2019081500222155624068450559358070",
    "fund_bill_list": '[{"amount":"0.10","fundChannel":"ALIPAYACCOUNT"}]', "notify_type": "trade_status_sync",
    "trade_status": "TRADE_SUCCESS", "receipt_amount": "0.10", "buyer_pay_amount": "0.10", "sign_type": "RSA2",
    "app_id": "2019073166072302", "seller_id": "2088531891668739", "gmt_payment": "2019-08-15 15:56:24",
    "notify_time": "2019-08-15 15:56:25", "version": "1.0", "out_trade_no": "20190815155618536-564-57",
    "total_amount": "0.10", "trade_no": "2019081522001468450512505578", "auth_app_id": "2019073166072302",
    "buyer_logon_id": "xud***@126.com", "point_amount": "0.00",
    "sign": (
        "QfTb8tqE1BMhS5qAnXtvsF3/jBkEvu9q9en0pdbBUDDjvKycZhQb7h8GDs4FKfi049PynaNuatxSgLb/nLWZpXyyh0LEWdK2S6Ri7nPwrVgOs08zugLO"
        "20vOQz44y3ti2Ncm8/wZts1Fr2gZ7pShnVX3d1B50hbsXnObT1r/U8ONNQjWXd0HIul4TG+Q3fm3svmSvFEy0WnzuhcyHPX5Gm4ELNctL6Qd5YniGJFN"
        "cc7kopHYtI/XD9YCKCH6Ct02rzUs9i11C9CsadtZn+WhxF26Dqt9sGEFajkJ8cxUTLi8+VCpLHsgPE8P0y095uQcDdK0YjCh4x7wVSov+lrmOQ=="
    ),
}  # fmt: skip
SENT: Final = 1565855785  # 2019-08-15 15:56:25 in Beijing


def account(app_id: str = "2019073166072302") -> Account:
    return Account(
        app_id=app_id, private_key=fake_keys.key_called("alipay merchant"), seller_id="2088531891668739",
        platform_keys=(rsa.public_key(NOTICES_KEY),), notify_url="https://shop.example/webhooks/alipay",
    )  # fmt: skip


def test_an_answer_alipay_has_signed_is_believed() -> None:
    key, said = rsa.public_key(ANSWERS_KEY), wire.members(ANSWER)
    part = said["alipay_open_file_upload_response"].text.encode()
    assert rsa.fits(key, said["sign"].value, part)
    assert not rsa.fits(key, said["sign"].value, part.replace(b":", b": "))


def test_a_notification_alipay_has_signed_is_believed() -> None:
    body = urlencode(NOTICE).encode()
    fields = hook.verified(account(), FORM, body, SENT + 2)
    (event,) = hook.events(fields)
    assert (event.id, event.reference) == (NOTICE["notify_id"], "20190815155618536-564-57")
    for name in NOTICE.keys() - {"sign_type"}:
        changed = urlencode(NOTICE | {name: f"{NOTICE[name]}0"}).encode()
        with pytest.raises(BadWebhook, match="forged"):
            hook.verified(account(), FORM, changed, SENT)
    with pytest.raises(BadWebhook, match="about app"):
        hook.verified(account("2019073166072303"), FORM, body, SENT)
