"""What payment methods are called, and what one does with them."""

from __future__ import annotations

from typing import Final

from kiosk.ui.words import Words

PLAIN: Final = {
    "link": "phone",
    "card": "card",
}  # methods that are a thing in everybody's hand: their sign says it

# With what a code is read; what is not named here is read "with your phone".
READER: Final = {
    "link": "camera",
    **dict.fromkeys(
        ("epc", "swiss", "pix", "pix-static", "promptpay", "paynow", "vietqr", "duitnow", "khqr"), "bank"
    ),
    **dict.fromkeys(("wechat", "alipay"), "named"),
    "upi": "upi",
    **dict.fromkeys(("bitcoin", "lightning"), "wallet"),
}


def method_words(w: Words, method: str) -> tuple[str, str]:
    """A method's name and what one does with it; a method this release has no words for goes by its own name."""
    if not w.has(f"method.{method}"):
        return w("method.other", method=method.replace("-", " ").title()), w("method.other.hint")
    name = w(f"method.{method}")
    if w.has(f"method.{method}.hint"):
        return name, w(f"method.{method}.hint")
    return name, w(f"method.hint.{READER.get(method, 'other')}", app=_app(w, method, name))


def scan_words(w: Words, method: str) -> str:
    """What to do with the code on the pay screen."""
    name, _ = method_words(w, method)
    return w(f"pay.scan.{READER.get(method, 'other')}", app=_app(w, method, name))


def _app(w: Words, method: str, name: str) -> str:
    """The app one scans with, where it is called otherwise than the method."""
    return w(f"app.{method}") if READER.get(method) == "named" else name
