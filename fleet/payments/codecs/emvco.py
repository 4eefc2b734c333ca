"""EMV QR Code Specification for Payment Systems, Merchant-Presented Mode 1.1: any code of the family, object by object.

Written is what the specification asks for: 00, 01, the account, 52 to 62 in ascending order, never an empty object.
`more` holds whatever has no name of its own, by id path: further accounts ("02", "31.00"), tips ("55"), store and
customer labels ("62.03"), the language template ("64.01"), unreserved templates ("91.00").

`parse` reads what banks really print; `tolerance` says what of it breaks the specification; `parse_strict` refuses that.
A wrong CRC, length or duplicate is refused by all of them. qriskit (PyPI) reads the same values from the same codes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from fleet.payments.codecs import emv, fields, iso4217, tolerance
from fleet.payments.codecs.errors import BadPayload
from fleet.payments.codecs.scheme import Reference, Scheme

_AMOUNT = re.compile(r"(?=.{1,13}\Z)[0-9]+(?:\.[0-9]*)?")
# What is wrong whoever reads it: path, form and the rule in words.
_FORMS = {
    "01": (re.compile("1[12]"), "11 (static) or 12 (dynamic)"),
    "52": (re.compile("[0-9]{4}"), "a merchant category code has 4 digits"),
    "53": (re.compile("[0-9]{3}"), "a currency's number (ISO 4217) has 3 digits"),
    "54": (_AMOUNT, 'a decimal amount such as "3.50", at most 13 characters'),
    "58": (re.compile("[A-Z]{2}"), "a country (ISO 3166-1) is two capital letters"),
}
_NAMED = {"name": "59", "city": "60", "postal": "61", "bill": "62.01", "ref": "62.05", "terminal": "62.07"}
_FORMED = {"initiation": "01", "mcc": "52", "currency": "53", "amount": "54", "country": "58"}
_WRITTEN = {"00", "63", *_NAMED.values(), *_FORMED.values()}  # what `more` may not say again
_PATH = re.compile(r"[0-9]{2}(?:\.[0-9]{2})?")
_GUID_LONGEST = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Emvco:
    """One code. `currency` is its number or letters (numbers are read), `amount` a decimal string as it is written."""

    guid: str = ""  # whose account: object 00 of the template; "" where all accounts stand in `more`
    sub: Mapping[str, str] = field(default_factory=dict)  # the account's other objects by id
    mai_tag: str = "26"  # id of the account template, 26 to 51
    mcc: str = "0000"
    currency: str
    amount: str | None = None
    country: str
    name: str
    city: str
    postal: str = ""
    bill: str = ""
    ref: str = ""
    terminal: str = ""
    initiation: str = ""  # 11 static, 12 dynamic, - not written; "": 12 with an amount, else 11
    more: Mapping[str, str] = field(default_factory=dict)


def build(code: Emvco) -> str:
    """The payload. Raises BadPayload."""
    paths = _paths(code)
    for path, value in paths.items():
        _check_place(path, value)
    root: dict[str, str] = {tag: value for tag, value in paths.items() if "." not in tag}
    for template in {path[:2] for path in paths if "." in path}:
        if template in root:
            raise BadPayload(f"more.{template}", "either the whole template or objects within it")
        inner = sorted((path[3:], value) for path, value in paths.items() if path.startswith(f"{template}."))
        root[template] = emv.write(inner)
    _check_needed(root)
    payload = emv.seal(emv.write([("00", "01"), *sorted(root.items())]))
    parse(payload)  # whatever stands in `more` or `sub` must be readable again
    return payload


def parse(payload: str) -> Emvco:
    """The fields of any code of the family, as tolerantly as banks print. Raises BadPayload."""
    code = emv.Code(payload)
    for path, (form, rule) in _FORMS.items():
        if code.get(path) and form.fullmatch(code.get(path)) is None:
            raise BadPayload(path, rule, code.at(path))
    paths = {path: found.value for path, found in code.leaves() if found.value}
    accounts = [path[:2] for path in paths if path.endswith(".00") and int(path[:2]) in emv.ACCOUNTS]
    tag = min(accounts, default="")  # whatever order they stand in
    sub = {
        path[3:]: value for path, value in paths.items() if path.startswith(f"{tag}.") and path != f"{tag}.00"
    }
    amount = paths["54"].removesuffix(".") if paths.get("54", "").strip("0.") else None
    initiation = paths.get("01", "-")
    return Emvco(
        guid=paths[f"{tag}.00"] if tag else "", sub=sub, mai_tag=tag or "26", mcc=paths.get("52", ""),
        currency=paths.get("53", ""), amount=amount, country=paths.get("58", ""),
        initiation="" if initiation == _usual(amount) else initiation,
        more={path: value for path, value in paths.items() if path not in _WRITTEN and (not tag or path[:2] != tag)},
        **{name: paths.get(path, "") for name, path in _NAMED.items()},
    )  # fmt: skip


def parse_strict(payload: str) -> Emvco:
    """The fields of a code that follows the specification to the letter. Raises BadPayload for what `parse` tolerates."""
    code = parse(payload)
    for one in tolerance.found(payload):
        raise BadPayload(one.field, one.rule, one.position)
    return code


def _usual(amount: str | None) -> str:
    return "11" if amount is None else "12"


def _paths(code: Emvco) -> dict[str, str]:
    """All values by id path."""
    tag = code.mai_tag
    if not (len(tag) == 2 and tag.isascii() and tag.isdigit() and int(tag) in emv.ACCOUNTS):
        raise BadPayload("mai_tag", "26 to 51")
    if code.sub and not code.guid:
        raise BadPayload("guid", "is needed: it names whose account it is")
    account = {f"{tag}.00": code.guid} | {f"{tag}.{key}": value for key, value in code.sub.items()}
    known = {
        "01": "" if code.initiation == "-" else code.initiation or _usual(code.amount), "52": code.mcc,
        "53": iso4217.NUMBERS.get(code.currency, code.currency), "54": _amount(code), "58": code.country,
    }  # fmt: skip
    named = {path: getattr(code, name) for name, path in _NAMED.items()}
    if "00" in code.sub:
        raise BadPayload("sub.00", "has a name of its own: guid")
    for path in code.more:
        if path in _WRITTEN or path in account:
            raise BadPayload(f"more.{path}"[:80], "has a name of its own")
    return {path: value for path, value in (account | known | named | dict(code.more)).items() if value}


def _amount(code: Emvco) -> str:
    """The amount as it is given, if the currency has so many decimals."""
    if code.amount is None:
        return ""
    places = iso4217.decimals(code.currency)
    fields.minor("amount", code.amount, places, most=10**13 * 10**places)  # 13 characters are checked later
    return code.amount


def _check_place(path: str, value: str) -> None:
    """A path of two digits, or two and two; a value of the form and length of its place."""
    if _PATH.fullmatch(path) is None or ("." in path and not emv.is_template(path[:2])):
        raise BadPayload(f"more.{path}"[:80], 'an id such as "55", or one within a template such as "62.03"')
    if path in _FORMS and _FORMS[path][0].fullmatch(value) is None:
        raise BadPayload(_field_of(path), _FORMS[path][1])
    longest = tolerance.LONGEST.get(path, 99)
    fields.text(_field_of(path), value, _GUID_LONGEST if _is_guid(path) else longest)


def _is_guid(path: str) -> bool:
    return path.endswith(".00") and int(path[:2]) in emv.ACCOUNTS


def _field_of(path: str) -> str:
    """The JSON name of a path; the path itself for an account's objects."""
    for name, place in (_NAMED | _FORMED).items():
        if place == path:
            return name
    return path if int(path[:2]) in emv.ACCOUNTS else f"more.{path}"


def _check_needed(root: Mapping[str, str]) -> None:
    for tag in tolerance.NEEDED:
        if tag not in root:
            raise BadPayload(_field_of(tag), "is needed")
    if not any(2 <= int(tag) <= 51 for tag in root):
        raise BadPayload("guid", "is needed: nobody would be paid")
    for tag, value in root.items():
        if len(value) > 99:
            raise BadPayload(_field_of(tag), f"a template holds 99 characters, {len(value) - 99} too many")


SCHEMES = (
    Scheme(
        key="emvco", title="EMV merchant-presented (generic)", begins=("00",), fields=Emvco, build=build, parse=parse,
        rules={
            "guid": "identifier of the scheme (AID, UUID or domain), up to 32 characters",
            "sub": 'the account\'s objects by id, as {"01": "..."}',
            "mai_tag": "id of the account template, 26 to 51",
            "mcc": "merchant category code (ISO 18245), 4 digits",
            "currency": "ISO 4217, 3 digits or letters",
            "amount": "decimal string, written as it is given, or null: the payer fills it in",
            "country": "ISO 3166-1, two capital letters",
            "name": "the payee, 1 to 25 characters",
            "city": "of the payee, 1 to 15 characters",
            "postal": "postal code, up to 10 characters",
            "bill": "bill number, up to 25 characters",
            "ref": "reference label, up to 25 characters",
            "terminal": "terminal label, up to 25 characters",
            "initiation": "11 static, 12 dynamic, - to leave it out; by itself 12 with an amount, else 11",
            "more": 'any other objects by id path, as {"55": "01", "62.03": "..."}',
        },
        example={
            "mai_tag": "26", "guid": "com.example.pay", "sub": {"01": "M0001"}, "mcc": "5411", "currency": "978",
            "amount": "12.30", "country": "FI", "name": "Endcap Demo", "city": "HELSINKI", "ref": "K7Q2M4XZ01234567",
        },
        currencies=(), amounts=(1, emv.MOST_CENTS), open_amount=True,
        reference=Reference(field="ref", rule="up to 25 characters", pattern=r"[ -~]{1,25}"),
        tolerated=tolerance.told, expires=False, confirmation="none",
        confirms="whoever the account's scheme tells; the code alone tells nobody",
    ),
)  # fmt: skip
