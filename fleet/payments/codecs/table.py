"""The table of schemes as docs/schemes.md shows it: `python -m fleet.payments.codecs.table docs/schemes.md` writes it anew."""

from __future__ import annotations

import sys
from pathlib import Path

from fleet.payments.codecs import SCHEMES, Scheme, fields, names

BEGIN, END = "<!-- from SCHEMES -->", "<!-- end -->"


def table() -> str:
    """Two Markdown tables: what each scheme can carry and who confirms it, and its JSON names."""
    facts = [_facts(scheme) for scheme in SCHEMES.values()]
    called = [_called(scheme) for scheme in SCHEMES.values()]
    return "\n".join(
        [
            "| scheme | currencies | amount | reference | expiry | confirmation by the code alone |",
            "|---|---|---|---|---|---|",
            *facts,
            "",
            "| scheme | what it is | JSON names, * must be there |",
            "|---|---|---|",
            *called,
            "",
        ]
    )


def written(document: str) -> str:
    """A document with the table between its marks. Raises ValueError where they are not there."""
    start, end = document.index(BEGIN) + len(BEGIN), document.index(END)
    return f"{document[:start]}\n{table()}{document[end:]}"


def amounts(scheme: Scheme) -> str:
    """The least and the most, and who says how much."""
    if not scheme.amount_in_code:
        return "not in the code"
    least, most = (fields.decimal(value, scheme.decimals) for value in scheme.amounts)
    return f"{least} to {most.removesuffix('.' + '0' * scheme.decimals)}" + (
        ", or left to the payer" if scheme.open_amount else ""
    )


def _facts(scheme: Scheme) -> str:
    reference = (
        f"`{scheme.reference.field}`: {scheme.reference.rule}"
        if scheme.reference.field
        else scheme.reference.rule
    )
    return _row(
        f"`{scheme.key}`",
        ", ".join(scheme.currencies) or "any",
        amounts(scheme),
        reference,
        "in the code" if scheme.expires else "-",
        f"**{scheme.confirmation}**: {scheme.confirms}",
    )


def _called(scheme: Scheme) -> str:
    called = [f"`{path}`{'*' * needed}" for path, _, needed in names.each(scheme.fields)]
    return _row(f"`{scheme.key}`", scheme.title, " ".join(called).replace("`*", "`\\*"))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"


if __name__ == "__main__":
    document = Path(sys.argv[1])
    document.write_text(written(document.read_text(encoding="utf-8")), encoding="utf-8")
