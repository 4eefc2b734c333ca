"""Who says what between us and WeChat Pay: WECHATPAY2-SHA256-RSA2048 signatures, and AEAD_AES_256_GCM.

Sources: pay.weixin.qq.com/doc/v3/merchant 4012365334 and 4012365336 (signing a request) and
pay.weixin.qq.com/docs/merchant/development/interface-rules/signature-verification.html (answers and notifications are signed
alike, an answer without a body too). WeChat Pay sends answers and notifications with wrong signatures now and
then (`WECHATPAY/SIGNTEST/...`) to see whether they are noticed: what does not fit is not believed, whatever it looks like.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fleet.payments import rsa
from fleet.payments.port import BadWebhook

SCHEME: Final = "WECHATPAY2-SHA256-RSA2048"
TOLERANCE_S: Final = 300
FOR_EVER: Final = 1 << 62


def authorization(
    key: RSAPrivateKey, mchid: str, serial: str, verb: str, target: str, body: bytes, now_s: int, nonce: str
) -> str:
    """The header of a request. `target` is its path with its query, `serial` that of our certificate."""
    signature = rsa.sign(key, f"{verb}\n{target}\n{now_s}\n{nonce}\n".encode() + body + b"\n")
    return f'{SCHEME} mchid="{mchid}",nonce_str="{nonce}",signature="{signature}",timestamp="{now_s}",serial_no="{serial}"'


@dataclass(frozen=True, slots=True)
class PlatformKey:
    """A key WeChat Pay signs with; `until_s`: the last second of its certificate."""

    key: RSAPublicKey
    until_s: int = FOR_EVER


class Platform:
    """The keys WeChat Pay signs with, by certificate's serial number or public key's id. Two live ones while it changes
    from one to the next; the first is the one we ask it to use."""

    def __init__(self, keys: Mapping[str, PlatformKey]) -> None:
        self._keys = dict(keys)
        self.wanted = next(iter(keys))

    def check(self, headers: Mapping[str, str], body: bytes, now_s: int) -> None:
        """`headers` with lower-case names. Raises BadWebhook: malformed, forged, stale."""
        stamp, nonce = headers.get("wechatpay-timestamp", ""), headers.get("wechatpay-nonce", "")
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12 and nonce.isascii()):
            raise BadWebhook("malformed", "wechatpay-timestamp holds Unix seconds, wechatpay-nonce ASCII")
        serial = headers.get("wechatpay-serial", "")
        known = self._keys.get(serial)
        if known is None or now_s > known.until_s:
            raise BadWebhook("forged", f"no live platform key is called {serial[:48]!r}")
        signed = f"{stamp}\n{nonce}\n".encode() + body + b"\n"
        if not rsa.fits(known.key, headers.get("wechatpay-signature", ""), signed):
            raise BadWebhook("forged", "the signature does not fit the body")
        if abs(now_s - int(stamp)) > TOLERANCE_S:
            raise BadWebhook("stale", f"signed {now_s - int(stamp)} s ago, at most {TOLERANCE_S} are taken")


def opened(api_v3_key: bytes, ciphertext: str, nonce: str, associated_data: str) -> bytes:
    """What was encrypted with our API v3 key (32 bytes). Raises BadWebhook."""
    try:
        sealed = base64.b64decode(ciphertext, validate=True)
        return AESGCM(api_v3_key).decrypt(nonce.encode(), sealed, associated_data.encode())
    except (InvalidTag, binascii.Error, ValueError):
        raise BadWebhook("forged", "the resource is not encrypted with our API v3 key") from None
