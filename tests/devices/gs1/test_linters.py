"""What values must be, by example: one that passes and some that do not, for every linter."""

from __future__ import annotations

import pytest

from devices.protocol.gs1.linters import LINTERS

COUPON = "050600012345615120101"  # 50 cents off one of family 101
EXAMPLES: dict[str, tuple[str, ...]] = {
    "couponcode": (COUPON, COUPON[:-1], COUPON + "0", "7" + COUPON[1:], "x" + COUPON, COUPON[:13] + "6"),
    "couponposoffer": ("0" "0" "506000" "123456" "0" "111222", "2", "07", "00506000", "0050600012345601112223"),
    "csum": ("4006381333931", "4006381333932", "4", "x"),
    "csumalpha": ("1987654Ad4X4bL5ttr2310c2K", "1987654Ad4X4bL5ttr2310c2X", "2", "é22"),
    "gcppos1": ("9506", "950", "95a6"),
    "gcppos2": ("19506", "1950", "195a6"),
    "hasnondigit": ("1a", "12", ""),
    "hh": ("23", "24", "1", "1x"),
    "hhmi": ("2359", "2360", "2400", "235"),
    "hyphen": ("-", "+", ""),
    "iban": ("DE91100000000123456789", "DE91100000000123456788", "ZZ91100000000123456789", "DE9110", "de911000000001"),
    "importeridx": ("_", "=", "AA"),
    "iso3166": ("276", "999", "27"),
    "iso3166999": ("999", "998", "DE"),
    "iso3166alpha2": ("DE", "AA", "de"),
    "iso4217": ("978", "000", "EUR"),
    "iso5218": ("9", "3", ""),
    "latitude": ("1800000000", "1800000001", "18"),
    "longitude": ("3600000000", "3600000001", "x600000000"),
    "mediatype": ("80", "11", "00"),
    "mi": ("59", "60"),
    "nonzero": ("010", "000", "x"),
    "nozeroprefix": ("10", "01", "1x"),
    "packagetype": ("PX", "px", "ABCDE", ""),
    "pcenc": ("a%20b", "a%2", "a%zz"),
    "pieceoftotal": ("0203", "0302", "0002", "020", "0a03"),
    "posinseqslash": ("1/3", "3/1", "0/1", "13", "1/3/4"),
    "ss": ("59", "60"),
    "winding": ("9", "2"),
    "yesno": ("1", "2"),
    "yymmd0": ("240200", "230229", "241301", "2402"),
    "yymmdd": ("240229", "240200", "230229", "24022x"),
    "yyyymmd0": ("21000200", "21000229", "2100020"),
    "yyyymmdd": ("20000229", "21000229", "20000200"),
    "zero": ("0", "1", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", LINTERS)
def test_a_linter_takes_the_right_and_says_what_it_expected_of_the_wrong(name: str) -> None:
    right, *wrong = EXAMPLES[name]
    assert LINTERS[name](right) == ""
    assert wrong
    assert all(LINTERS[name](each) for each in wrong)


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("101101029", ""),  # and one of family 102, of the same company
        ("10110102", "length of the second"),
        ("21101030506000", ""),
        ("32712314270101", ""),
        ("32701014271231", "not before the start"),
        ("3271301", "day of expiry"),
        ("50111222615060001", ""),
        ("90010", ""),
        ("93010", "save value code"),
        ("900100", "to end"),
    ],
)
def test_a_coupons_optional_fields_follow_in_their_order(rest: str, expected: str) -> None:
    said = LINTERS["couponcode"](COUPON + rest)
    assert expected in said if expected else said == ""
