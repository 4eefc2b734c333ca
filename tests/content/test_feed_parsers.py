"""Whatever a feed holds, its parsers give a value or their one error, and never lose what is right."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.feed import cells, markup, table, text
from content.feed.problems import FeedError, Wrong
from content.gtin import check_digit, gtin14
from content.money import Money, exponent
from tests.content.feeds import GOOGLE
from tests.content.feeds import table as written

EUR = Money(249, "EUR")
PARSERS: dict[str, Callable[[str], object]] = {
    "plain": cells.plain,
    "words": cells.words,
    "gtin": cells.gtin,
    "price": lambda said: cells.price(said, "EUR"),
    "yen": lambda said: cells.price(said, "JPY"),
    "period": lambda said: cells.period(said, UTC),
    "availability": cells.availability,
    "measure": cells.measure,
    "offer": lambda said: cells.offer(said, EUR),
    "allergens": cells.allergens,
    "nutrition": cells.nutrition,
    "country": cells.country,
    "storage": cells.storage,
    "age": cells.age,
    "picture": cells.picture,
    "language": cells.language,
}
NEARLY = st.from_regex(
    re.compile(
        r"(\d{1,12}|[-+.,;=/: TZ]|EUR|kg|g|-for-|-for:|2026-02-30|T24:00|fat=|https?://|\[|%2F|\.\.|[a-z]{1,3}){1,12}",
        re.ASCII,
    ),
    fullmatch=True,
)


@pytest.mark.parametrize("name", PARSERS)
@given(said=st.text(min_size=1, max_size=60) | NEARLY)
def test_a_cell_is_read_or_wrong(name: str, said: str) -> None:
    with suppress(Wrong):
        PARSERS[name](said)


@given(minor=st.integers(1, cells.MOST_MINOR), currency=st.sampled_from(["EUR", "JPY", "KWD"]))
def test_every_price_comes_back_exactly(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    assert cells.price(f"{money.decimal()} {currency}", currency) == money


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2,49 EUR", "2.49 EUR"), ("EUR 2.49", "2.49 EUR"), ("2.49€", "2.49 EUR"), ("2.49 eur", "2.49 EUR"),
        ("1.299,00 EUR", "1299.00 EUR"), ("1,299.00 EUR", "1299.00 EUR"), ("2.49EUR", "2.49 EUR"),
    ],
)  # fmt: skip
def test_a_price_that_may_mean_two_things_is_refused_with_what_was_meant(said: str, meant: str) -> None:
    with pytest.raises(Wrong, match=f"{re.escape(meant)}$"):
        cells.price(said, "EUR")


def test_decimals_are_those_of_the_currency() -> None:
    assert exponent("JPY") == 0
    assert cells.price("300 JPY", "JPY") == Money(300, "JPY")
    with pytest.raises(Wrong, match="no decimals for JPY"):
        cells.price("300.00 JPY", "JPY")


@given(
    body=st.from_regex(re.compile(r"[0-9]{7}|[0-9]{11,13}", re.ASCII), fullmatch=True),
    wrong=st.integers(1, 9),
)
def test_exactly_one_check_digit_is_right(body: str, wrong: int) -> None:
    if not body.strip("0"):
        return
    right = check_digit(body)
    assert gtin14(body + right) == (body + right).rjust(14, "0")
    with pytest.raises(ValueError, match=f"the check digit of {body} is {right}"):
        gtin14(body + str((int(right) + wrong) % 10))


@pytest.mark.parametrize(
    ("tag", "usual"), [("en", "en"), ("ZH-hant", "zh-Hant"), ("pt-br", "pt-BR"), ("es-419", "es-419")]
)
def test_languages_have_one_spelling(tag: str, usual: str) -> None:
    assert cells.language(tag) == usual


CELL = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs", "Cc"]), max_size=20)


@given(
    rows=st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=8),
    delimiter=st.sampled_from(table.DELIMITERS),
    quote_all=st.booleans(),
)
def test_what_was_written_is_read(rows: list[list[str]], delimiter: str, quote_all: bool) -> None:
    columns = ["gtin", "title", "price"]
    rows = [[f"x{row[0]}", *row[1:]] for row in rows]  # a line of spaces is no row
    source = written([dict(zip(columns, row, strict=True)) for row in rows], delimiter, quote_all)
    wrong: list[object] = []
    lines = enumerate(source.split("\r\n"), start=1)
    found = table.read("feed", lines, frozenset(columns), lambda *problem: wrong.append(problem))
    assert [list(row.cells.values()) for row in found.rows] == rows
    assert wrong == []


@given(body=st.lists(st.text(st.sampled_from('"\t,a\n'), max_size=12), max_size=30))
def test_broken_quoting_never_loses_a_right_row(body: list[str]) -> None:
    lines = ["gtin\ttitle\tprice", *(part for line in body for part in line.split("\n")), "1\t2\t3"]
    wrong: list[object] = []
    found = table.read(
        "feed",
        enumerate(lines, start=1),
        frozenset({"gtin", "title"}),
        lambda *problem: wrong.append(problem),
    )
    rows = list(found.rows)
    assert rows[-1].cells == {"gtin": "1", "title": "2", "price": "3"} or any(
        "3" in row.cells["price"] or "2" in "".join(row.cells.values()) for row in rows
    )


@given(data=st.binary(max_size=400))
def test_any_bytes_are_a_feed_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("feed") / "feed"
    path.write_bytes(data)
    try:
        if markup.is_markup(path):
            list(markup.rows(path))
        else:
            lines = text.lines(path, text.encoding_of(path).name)
            list(table.read("feed", lines, frozenset({"gtin"}), lambda *_: None).rows)
    except FeedError:
        pass


@given(
    body=st.lists(
        st.sampled_from(
            ["<item>", "</item>", "<g:gtin>", "</g:gtin>", "<g:title xml:lang='zh'>", "</g:title>", "1", "&lt;",
             "&nosuch;", "<!DOCTYPE a>", "<![CDATA[x]]>", "<!-- c -->", "</rss>", "\0"]
        ),
        max_size=20,
    )
)  # fmt: skip
def test_any_markup_is_a_feed_or_refused(tmp_path_factory: pytest.TempPathFactory, body: list[str]) -> None:
    path = tmp_path_factory.mktemp("feed") / "feed.xml"
    path.write_text(f'<rss xmlns:g="{GOOGLE}"><channel>{"".join(body)}</channel></rss>', encoding="utf-8")
    try:
        for row in markup.rows(path):
            assert set(row.cells) <= {"gtin", "title[zh]", "gtin.gtin", "gtin.title[zh]"} or "." in "".join(
                row.cells
            )
    except FeedError:
        pass
