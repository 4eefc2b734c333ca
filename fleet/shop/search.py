"""Finding products by what people type: any of the shop's languages, parts of words, a slip of the finger, a GTIN.

Every word of the shop stands once in one text, with the products it names: a part of a word is looked for in there with
`str.find`. Chinese, which knows no spaces, is found by its characters and pairs of them. Only a word that is nowhere is
compared with all there are, a letter left out. Measured by benchmarks/phone_lane.py.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from heapq import nsmallest
from typing import Final

from msgspec import Struct

from content.gtin import gtin14
from content.model import New, Product
from content.store import AnyStore
from fleet.catalogue import Catalogue
from fleet.shop.folding import folded, grams, is_cjk, nearly, without_umlaut_e, words_of

MOST_WORDS: Final = 6
MOST_LETTERS: Final = 60
MOST_HITS: Final = 2_000  # places a word is looked up at; "e" is everywhere, and nobody reads so far
LONGEST_SLIP: Final = 24
SHORTEST_SLIP: Final = 4  # letters; shorter words are too like each other
MOST_INDEXES: Final = 6  # of stores of releases; one of 20,000 products takes some 20 MB
_END: Final = "\n"
_CHUNK: Final = 500
_GTIN: Final = 15  # digits and the end of the line


class Found(Struct, frozen=True):
    """What was found, best first; `slips` where words had to be bent to find anything."""

    gtins: tuple[str, ...] = ()
    slips: bool = False


class Index:
    """The products of one edition of the store. Made once; every method may be called from any thread."""

    def __init__(self, store: AnyStore) -> None:
        self.gtins: list[str] = []
        self.offers: list[str] = []  # GTINs that may have an offer or a sale price now, in shelf order
        self._names: list[str] = []  # folded, all languages, "|" between them
        self._at: dict[str, list[int]] = {}  # word, or piece of Chinese -> places in `gtins`
        for product in _products(store):
            self._put(product)
        plain = sorted(word for word in self._at if not is_cjk(word))
        self._words = plain
        self._text = _END + _END.join(plain) + _END
        self._starts: list[int] = []
        at = 1
        for word in plain:
            self._starts.append(at)
            at += len(word) + 1
        self._digits = _END + _END.join(self.gtins) + _END
        self._place = {gtin: place for place, gtin in enumerate(self.gtins)}
        self._slips = _slips(plain)

    def _put(self, product: Product) -> None:
        place = len(self.gtins)
        names = "|".join(folded(name) for name in dict.fromkeys(product.names.values()))
        self.gtins.append(product.gtin)
        self._names.append(f"|{names}")
        for word in {*words_of(names), *words_of(folded(product.brand))}:
            for key in grams(word) if is_cjk(word) else (word,):
                self._at.setdefault(key, []).append(place)
        if product.sale is not None or product.further or not isinstance(product.offer, New | None):
            self.offers.append(product.gtin)

    def find(self, text: str) -> Found:
        """Products whose names, brand or GTIN hold every word of `text`, best first."""
        gtin = self._as_gtin(text)
        if gtin is not None:
            return Found((gtin,))
        words = words_of(folded(text[:MOST_LETTERS]))[:MOST_WORDS]
        if not words:
            return Found()
        places = self._all(words)
        slips = False
        if not places:
            places = self._all([without_umlaut_e(word) for word in words])
        if not places:
            places, slips = self._bent(words), True
        if len(places) > MOST_HITS:
            places = set(nsmallest(MOST_HITS, places))
        ranked = sorted(places, key=lambda place: (self._rank(place, words), place))
        return Found(tuple(self.gtins[place] for place in ranked), slips and bool(ranked))

    def _as_gtin(self, text: str) -> str | None:
        try:
            gtin = gtin14(text.strip())
        except ValueError:
            return None
        return gtin if gtin in self._place else None

    def _all(self, words: Iterable[str]) -> set[int]:
        found: set[int] | None = None
        for word in words:
            hits = self._hits(word)
            found = hits if found is None else found & hits
            if not found:
                return set()
        return found or set()

    def _hits(self, word: str) -> set[int]:
        """Places of products with `word` in one of their words."""
        if is_cjk(word):
            runs = [set(self._at.get(key, ())) for key in sorted(grams(word), key=len, reverse=True)]
            return {place for place in set.intersection(*runs) if word in self._names[place]}
        found = self._numbered(word) if word.isdigit() and len(word) >= SHORTEST_SLIP else set()
        # words that begin with it come first, where there are too many; one letter is in nearly all
        for start in (_END + word, word)[: len(word)]:
            at = self._text.find(start)
            while at >= 0 and len(found) < MOST_HITS:
                whole = bisect_right(self._starts, at + len(start) - len(word)) - 1
                found.update(self._at[self._words[whole]])
                at = self._text.find(start, self._starts[whole] + len(self._words[whole]))
        return found

    def _numbered(self, digits: str) -> set[int]:
        found: set[int] = set()
        at = self._digits.find(digits)
        while at >= 0 and len(found) < MOST_HITS:
            found.add((at - 1) // _GTIN)
            at = self._digits.find(digits, ((at - 1) // _GTIN + 1) * _GTIN)
        return found

    def _bent(self, words: Iterable[str]) -> set[int]:
        """With each word that is nowhere replaced by those one slip away from it."""
        found: set[int] | None = None
        for word in words:
            hits = self._hits(word)
            if not hits and len(word) >= SHORTEST_SLIP and not is_cjk(word):
                near = {other for key in nearly(word) for other in self._slips.get(key, ())}
                hits = set().union(*(self._hits(other) for other in near))
            found = hits if found is None else found & hits
            if not found:
                return set()
        return found or set()

    def _rank(self, place: int, words: list[str]) -> int:
        """0: a name begins with what was typed, 1: a word of it does, 2: it is in a name, 3: elsewhere."""
        names, first = self._names[place], words[0]
        if f"|{first}" in names:
            return 0
        if f" {first}" in names:
            return 1
        return 2 if first in names else 3


def _products(store: AnyStore) -> Iterator[Product]:
    for aisle in store.store.aisles:
        for start in range(0, store.count(aisle.key), _CHUNK):
            yield from store.shelf(aisle.key, start, start + _CHUNK)


def _slips(words: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Every word of the shop under itself and itself without one letter."""
    found: dict[str, list[str]] = {}
    for word in words:
        if SHORTEST_SLIP <= len(word) <= LONGEST_SLIP and not word.isdigit():
            for key in nearly(word):
                found.setdefault(key, []).append(word)
    return {key: tuple(near) for key, near in found.items()}


class Shelves:
    """The index of whatever is published now, made where it is first asked for. Any thread."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._lock = threading.Lock()
        self._made: tuple[int, Index] | None = None

    def made(self) -> Index | None:
        """The index of this edition where it is made already."""
        self._catalogue.current()
        made = self._made
        return made[1] if made is not None and made[0] == self._catalogue.edition else None

    def current(self) -> Index:
        """The index; while a new one is being made, the one before. Raises StoreError for a damaged store."""
        store, edition = self._catalogue.current(), self._catalogue.edition
        made = self._made
        if made is not None and (made[0] == edition or not self._lock.acquire(blocking=False)):
            return made[1]
        if made is None:
            self._lock.acquire()
        try:
            if self._made is None or self._made[0] != edition:
                self._made = (edition, Index(store))
            return self._made[1]
        finally:
            self._lock.release()


class Indexes:
    """The indexes of stores made of releases, by their versions: at most MOST_INDEXES, the least used go. Any thread."""

    def __init__(self) -> None:
        self._lock, self._making = threading.Lock(), threading.Lock()
        self._made: OrderedDict[str, Index] = OrderedDict()

    def made(self, store: AnyStore) -> Index | None:
        """The index of that store where it is made already."""
        with self._lock:
            found = self._made.get(store.store.version)
            if found is not None:
                self._made.move_to_end(store.store.version)
            return found

    def of(self, store: AnyStore) -> Index:
        """The index of that store. Raises StoreError for a damaged one."""
        with self._making:
            found = self.made(store)
            if found is None:
                found = Index(store)
                with self._lock:
                    self._made[store.store.version] = found
                    while len(self._made) > MOST_INDEXES:
                        self._made.popitem(last=False)
            return found
