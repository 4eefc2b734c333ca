"""Words as search compares them: without case, accents, Arabic vowel signs and the width of letters. Pure.

Source: Unicode NFKD (UAX 15) and case folding; Arabic letters people write for each other as in Lucene's and
Elasticsearch's usual normalisation (alef with hamza or madda, ta marbuta, alef maqsura, tatweel).
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_ALIKE: Final = str.maketrans(
    {"ة": "ه", "ى": "ي", "ـ": None, "ı": "i", "ø": "o", "ł": "l", "đ": "d", "œ": "oe", "æ": "ae"}
)
_WORD: Final = re.compile(r"[^\W_]+")
# combining marks as NFKD leaves them: of Latin letters, Arabic vowel signs, and the Quran's
_MARKS: Final = re.compile(
    r"[\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
)
_UMLAUTS: Final = re.compile(r"(?<=[aou])e")
_CJK: Final = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uac00-\ud7af\U00020000-\U0003ffff]")


def folded(text: str) -> str:
    """`text` as it is compared: "Äpfel" and "APFEL" are one, so are "أرز" and "ارز"."""
    if text.isascii():
        return text.lower()
    return _MARKS.sub("", unicodedata.normalize("NFKD", text.casefold())).translate(_ALIKE)


def words_of(text: str) -> list[str]:
    """The words of a folded text, in order. Chinese is written without spaces: a run of it is one word."""
    return _WORD.findall(text)


def without_umlaut_e(word: str) -> str:
    """ "aepfel" as "apfel": how Germans type an umlaut their keyboard lacks, once accents are folded away."""
    return _UMLAUTS.sub("", word)


def is_cjk(word: str) -> bool:
    """Whether a word has characters that mean something each."""
    return _CJK.search(word) is not None


def grams(word: str) -> set[str]:
    """Every character and every two neighbours of a run of Chinese: what it is found by."""
    return {*word, *(word[place : place + 2] for place in range(len(word) - 1))}


def nearly(word: str) -> set[str]:
    """The word and what is left of it without one letter: two words share one if one slip makes them the same.

    A slip is a letter too many, too few, wrong, or two swapped (Garbe's symmetric delete).
    """
    return {word, *(word[:place] + word[place + 1 :] for place in range(len(word)))}
