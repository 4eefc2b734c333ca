"""Adapters of the PyPI libraries for codes of the EMV family. Imported by name: they are nobody's dependencies."""

from __future__ import annotations

from decimal import Decimal
from importlib import import_module
from typing import Any

Fields = dict[str, Any]


def _starkbank(scheme: str, given: Fields) -> str:
    if scheme == "emvco":
        return _starkbank_any(given)
    module = import_module("brcode.static" if scheme == "pix-static" else "brcode.dynamic")
    amount = given.get("amount")
    fields = {**given, "txid": given.get("txid", ""), "amount": amount and int(Decimal(amount) * 100)}
    return str(module.fromJson(fields))


def _starkbank_any(given: Fields) -> str:
    """Its writer of objects by id, which knows nothing of Pix."""
    additional = {"01": given.get("bill"), "05": given.get("ref"), "07": given.get("terminal")}
    objects = {
        "00": "01",
        "01": "12" if given.get("amount") else "11",
        given["mai_tag"]: {"00": given["guid"], **given["sub"]},
        "52": given["mcc"],
        "53": given["currency"],
        "54": given.get("amount"),
        "58": given["country"],
        "59": given["name"],
        "60": given["city"],
        "61": given.get("postal"),
        "62": {tag: value for tag, value in additional.items() if value},
    }
    write = import_module("brcode.utils.brcodeId").brcodeJsonToBrcode
    return str(write({tag: value for tag, value in objects.items() if value}))


def _pix_utils(_scheme: str, given: Fields) -> str:
    code = import_module("pix_utils").Code
    return str(code(given["key"], given["name"], given["city"], given.get("amount"), given.get("txid")))


def _promptpay(_scheme: str, given: Fields) -> str:
    amount = given.get("amount")
    write = import_module("promptpay.qrcode").generate_payload
    return str(write(given["target"], float(amount)) if amount else write(given["target"]))


def _vietnam_qr_pay(_scheme: str, given: Fields) -> str:
    code = import_module("vietnam_qr_pay").QRPay
    qr = code.init_viet_qr(
        bank_bin=given["bin"],
        bank_number=given["account"],
        amount=given.get("amount"),
        purpose=given.get("purpose") or None,
    )
    return str(qr.build())


def _napas(_scheme: str, given: Fields) -> str:
    code = import_module("qr_pay").QRPay
    return str(
        code(
            bin_id=given["bin"],
            consumer_id=given["account"],
            transaction_amount=given.get("amount"),
            purpose_of_transaction=given.get("purpose") or None,
            point_of_initiation_method="DYNAMIC" if given.get("amount") else "STATIC",
        ).code
    )


def _vnqr(_scheme: str, given: Fields) -> str:
    write = import_module("vnqr.vietqr").generate_vietqr_string
    return str(write(given["bin"], given["account"], int(given["amount"]), given["purpose"]))


def _qriskit(_scheme: str, given: Fields) -> str:
    """Reads any EMV payload: {"payload": ...} -> its values by id path, one `path=value` per line."""
    read = import_module("qriskit.model").parse_payload
    children = import_module("qriskit.model").children_of
    template = import_module("qriskit.spec").is_template
    lines = []
    for node in read(given["payload"]).nodes:
        inner = children(node.value) if template(node.tag) else None
        lines += [f"{node.tag}.{child.tag}={child.value}" for child in inner or ()]
        lines += [] if inner else [f"{node.tag}={node.value}"]
    return "\n".join(lines)


ORACLES = {
    "starkbank-brcode": _starkbank,
    "pix-utils": _pix_utils,
    "promptpay": _promptpay,
    "vietnam-qr-pay": _vietnam_qr_pay,
    "napas-qr-python": _napas,
    "vnqr": _vnqr,
    "qriskit": _qriskit,
}
