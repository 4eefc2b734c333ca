"""Check digits and check pairs (GS1 General Specifications 7.9), and UPC-E (5.2.2.4). Pure."""

from __future__ import annotations

CSET82 = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
CSET32 = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # what check pairs are written in
_VALUE = {character: value for value, character in enumerate(CSET82)}
LONGEST_ALPHA = 97  # characters before a check pair; an AI of today has at most 23
_PRIMES = [n for n in range(2, 510) if all(n % divisor for divisor in range(2, n))][:LONGEST_ALPHA]
GTIN_LENGTHS = (8, 12, 13, 14)


def is_digits(text: str) -> bool:
    """Whether it is one or more of 0 to 9 (str.isdigit knows many more digits)."""
    return text.isascii() and text.isdigit()


def check_digit(body: str) -> str:
    """The digit behind `body` (digits): weights 3 and 1 in turn from the right. For GTIN, SSCC, GSIN, GLN, GSRN ... alike."""
    total = 3 * sum(map(int, body[-1::-2])) + sum(map(int, body[-2::-2]))
    return str(-total % 10)


def has_check_digit(digits: str) -> bool:
    """Whether at least two digits end with the right one."""
    return len(digits) > 1 and is_digits(digits) and check_digit(digits[:-1]) == digits[-1]


def check_pair(body: str) -> str:
    """The two characters behind a GMN or MUDI (7.9.5): weights are primes, growing from the right; modulo 1021.

    Raises ValueError for what is no text of at most 97 characters of CSET 82.
    """
    if len(body) > LONGEST_ALPHA or not _VALUE.keys() >= set(body):
        raise ValueError(f"at most {LONGEST_ALPHA} characters of CSET 82")
    total = sum(_VALUE[character] * prime for character, prime in zip(reversed(body), _PRIMES, strict=False))
    high, low = divmod(total % 1021, 32)
    return CSET32[high] + CSET32[low]


def has_check_pair(text: str) -> bool:
    """Whether a text ends with its check pair."""
    if len(text) < 2 or len(text) > LONGEST_ALPHA + 2 or not _VALUE.keys() >= set(text):
        return False
    return check_pair(text[:-2]) == text[-2:]


def gtin14(digits: str) -> str:
    """A GTIN-8, -12, -13 or -14 with 14 digits; "" for what is none, zeros alone included."""
    if len(digits) not in GTIN_LENGTHS or not has_check_digit(digits) or not digits.strip("0"):
        return ""
    return digits.rjust(14, "0")


def expand_upce(digits: str) -> str:
    """The GTIN-12 a UPC-E of eight digits (number system 0, six digits, check digit) stands for; "" for what is none."""
    if len(digits) != 8 or not is_digits(digits) or digits[0] != "0":
        return ""
    six, last = digits[1:7], digits[6]
    if last in "012":
        body = six[:2] + last + "0000" + six[2:5]
    elif last == "3":
        body = six[:3] + "00000" + six[3:5]
    elif last == "4":
        body = six[:4] + "00000" + six[4]
    else:
        body = six[:5] + "0000" + last
    whole = "0" + body + digits[7]
    return whole if has_check_digit(whole) else ""
