"""Every word the shop can say exists in every language it speaks, takes the same values, and can be drawn."""

from __future__ import annotations

import ast
import re
import string
import tomllib
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from kiosk.core.present import CODES
from kiosk.core.state import PHONE_SALE
from kiosk.ui import fonts
from kiosk.ui.bidi import INVISIBLE
from kiosk.ui.fonts import face_for
from kiosk.ui.screens import code_entry, code_result, ending, enrol, pay
from kiosk.ui.screens.methods import READER
from kiosk.ui.words import LOCALE, words

from .scenery import DEMO, LANGUAGES

ROOT = Path(__file__).parents[2]
ALLERGENS = (
    "gluten", "crustaceans", "eggs", "fish", "peanuts", "soybeans", "milk", "nuts", "celery", "mustard", "sesame",
    "sulphites", "lupin", "molluscs",
)  # fmt: skip  # EU regulation 1169/2011, annex II
NUTRIENTS = ("energy_kj", "energy_kcal", "fat", "saturates", "carbohydrate", "sugars", "protein", "salt")
UNITS = (
    "g",
    "kg",
    "ml",
    "cl",
    "l",
    "m",
    "cm",
    "ct",
    "sqm",
    "kJ",
    "kcal",
)  # content.model.Measure, present.nutrient
STORAGE = ("ambient", "chilled", "frozen")
CLOSED = ("out-of-service", "maintenance", "starting", "no-store", "out-of-hours", "fault", "other")


def catalogue(language: str) -> Catalog:
    with (LOCALE / language / "LC_MESSAGES" / "endcap.po").open("rb") as file:
        return read_po(file, locale=language)


CATALOGUES = {language: catalogue(language) for language in LANGUAGES}


def key_of(message: Message) -> str:
    return message.id if isinstance(message.id, str) else str(message.id[0])


def forms_of(message: Message) -> list[str]:
    """The translation, or its plural forms."""
    return (
        [message.string] if isinstance(message.string, str) else [str(form) for form in message.string or ()]
    )


def keys(language: str) -> set[str]:
    return {key_of(m) for m in CATALOGUES[language] if m.id}


def called(folder: Path, name: str) -> set[str]:
    """The literal first arguments of calls of a method `name`, or of an object called `w`, `say` or `words(...)`."""
    found: set[str] = set()
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                f = node.func
                hit = (isinstance(f, ast.Attribute) and f.attr == name) or (
                    name == "count"
                    and (
                        (isinstance(f, ast.Name) and f.id in {"w", "say"})
                        or (isinstance(f, ast.Attribute) and f.attr == "words")
                        or (isinstance(f, ast.Call) and isinstance(f.func, ast.Name) and f.func.id == "words")
                    )
                )
                if (
                    hit
                    and isinstance(node.args[0].value, str)
                    and "." in node.args[0].value + "." * (name != "count")
                ):
                    found.add(node.args[0].value)
    return found


def refusals() -> set[str]:
    """What kiosk.core.basket and kiosk.core.paying answer when something is not possible."""
    found: set[str] = set()
    for module, function in (("basket", "_refusal"), ("paying", "why_off"), ("paying", "choose")):
        tree = ast.parse((ROOT / "kiosk" / "core" / f"{module}.py").read_text())
        body = next(n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == function)
        for node in ast.walk(body):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"[a-z]+(-[a-z]+)+|offline", node.value):  # fmt: skip
                found.add(node.value)
    return found


def needed() -> set[str]:
    """Every key some part of the program can ask for."""
    methods = tomllib.loads((DEMO / "store.toml").read_text())["methods"]
    said = {
        f"notice.{key}"
        for key in called(ROOT / "kiosk" / "core", "say") | called(ROOT / "kiosk" / "core", "mention")
    }
    said |= {f"notice.{key}" for key in (*refusals(), PHONE_SALE)}
    return (
        called(ROOT / "kiosk" / "ui", "count")
        | said
        | {
            f"{key}{tail}"
            for key in (*(f"problem.{k}" for k in (*CODES, "other")),)
            for tail in ("", ".text")
        }
        | {f"closed.{k}{tail}" for k in CLOSED for tail in ("", ".text")}
        | {f"enrol.{k}.{part}" for k in enrol.STATES for part in ("title", "text")}
        | {f"off.{k}" for k in ("offline", "no-reader", "method-off", "other")}
        | {f"method.{m}" for m in (*methods, *READER, "card", "other")}
        | {f"method.{m}.hint" for m in ("link", "card", "other")}
        | {f"method.hint.{r}" for r in (*READER.values(), "other") if r != "camera"}
        | {f"app.{m}" for m, r in READER.items() if r == "named"}
        | {f"pay.scan.{r}" for r in (*READER.values(), "other")}
        | {
            f"pay.{stage}{tail}"
            for stage in (*pay.STAGES, "card")
            if stage != "waiting"
            for tail in ("", ".text")
        }
        | {f"code.{k}{tail}" for k in code_result.LOOKS for tail in (".title", ".text")}
        | {f"code.{k}" for k in (code_entry.ERASE, code_entry.CLEAR)}
        | {f"receipt.{k}" for k in ending.RECEIPTS}
        | {f"allergen.{k}" for k in ALLERGENS}
        | {f"nutrition.{k}" for k in NUTRIENTS}
        | {f"storage.{k}" for k in STORAGE}
        | {f"fact.{k}" for k in ("brand", "size", "origin", "storage", "gtin")}
        | {f"unit.{k}" for k in UNITS}
    )


def test_what_the_core_says_was_found() -> None:
    """The reading of the sources below works: some keys that are known to be there."""
    found = needed()
    assert {
        "notice.sold-out",
        "notice.offline",
        "notice.phone-sale",
        "notice.connection-lost",
        "notice.try-again",
    } <= found
    assert {"pay.cancel", "wall.items", "idle.stay", "attract.touch", "basket.pay"} <= found


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_is_missing(language: str) -> None:
    assert sorted(needed() - keys(language)) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_languages_have_the_same_keys_and_none_is_empty(language: str) -> None:
    assert keys(language) ^ keys("en") == set()
    for message in CATALOGUES[language]:
        if message.id:
            forms = forms_of(message)
            assert all(forms), key_of(message)
            expected = CATALOGUES[language].num_plurals if message.pluralizable else 1
            assert len(forms) == expected, key_of(message)


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_translation_takes_the_same_values(language: str) -> None:
    english = {key_of(m): m for m in CATALOGUES["en"] if m.id}
    for message in CATALOGUES[language]:
        if not message.id:
            continue
        other = english[key_of(message)]
        if message.pluralizable:  # one, two and none may be said without their number
            assert all(fields(form) <= {"n"} for form in forms_of(message)), key_of(message)
            assert fields(forms_of(message)[-1]) == {"n"}, key_of(message)
        else:
            assert fields(str(message.string)) == fields(str(other.string)), key_of(message)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_character_can_be_drawn(language: str) -> None:
    assert fonts.missing() == ()
    text = "".join("".join(forms_of(m)) for m in CATALOGUES[language] if m.id)
    assert sorted({c for c in text if c not in INVISIBLE and face_for(c, language, None) is None}) == []


def test_measures_are_said_in_the_language() -> None:
    said = {
        tag: [words(tag).measure(m) for m in ("1.5 kg", "6 ct", "1 ct", "226 kJ", "0 g")] for tag in LANGUAGES
    }
    assert said["en"] == ["1.5 kg", "6 pieces", "1 piece", "226 kJ", "0 g"]
    assert said["de"] == ["1,5 kg", "6 Stück", "1 Stück", "226 kJ", "0 g"]
    assert said["zh"] == ["1.5 千克", "6 件", "1 件", "226 千焦", "0 克"]
    assert said["ar"] == ["1.5 كغ", "6 قطع", "قطعة واحدة", "226 كيلوجول", "0 غ"]


def test_a_unit_price_is_for_one_of_something() -> None:
    said = {tag: [words(tag).per(m) for m in ("1 kg", "100 g", "1 ct", "1 l")] for tag in LANGUAGES}
    assert said["en"] == ["kg", "100 g", "piece", "l"]
    assert said["zh"] == ["千克", "100 克", "件", "升"]
    assert said["ar"] == ["كغ", "100 غ", "قطعة", "لتر"]
    assert said["de"] == ["kg", "100 g", "Stück", "l"]


def test_what_is_no_measure_stays_as_it_is() -> None:
    assert words("de").measure("") == ""
    assert words("de").measure("a dozen") == "a dozen"
    assert words("de").measure("3 bushels") == "3 bushels"


def test_countries_have_their_names() -> None:
    assert [words(tag).country("DE") for tag in LANGUAGES] == ["Germany", "德国", "ألمانيا", "Deutschland"]
    assert words("en").country("ZZ9") == "ZZ9"


def test_every_reason_the_kiosk_closes_for_has_words() -> None:
    """The reasons of ServiceClosed and Closed that are written in the sources."""
    found: set[str] = set()
    for path in sorted((ROOT / "kiosk").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            name = (
                node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else ""
            )
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                name = node.func.id
            if isinstance(node, ast.Call) and name in {"ServiceClosed", "Closed", "ClosedView"}:
                found |= {
                    a.value for a in node.args[:2] if isinstance(a, ast.Constant) and isinstance(a.value, str)
                }
    assert "fault" in found
    assert found <= set(CLOSED)
