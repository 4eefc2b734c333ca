"""`endcap fleet rotate-links --data DIR`: sign the walls' links with a new secret from the fleet's next start on."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from fleet.shop.link_keys import FILE, BadKeys, LinkKeys


def main(arguments: Sequence[str]) -> int:
    """0 where it was done, 1 with one line where it could not be."""
    parser = argparse.ArgumentParser(prog="endcap fleet rotate-links", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the fleet's folder")
    folder: Path = parser.parse_args(arguments).data
    if not (folder / FILE).is_file():
        sys.stderr.write(f"endcap fleet: {folder}: no fleet has made link keys here\n")
        return 1
    try:
        kid = LinkKeys(folder).rotate()
    except (BadKeys, OSError) as error:
        sys.stderr.write(f"endcap fleet: {error}\n")
        return 1
    sys.stdout.write(
        f"links are signed with key {kid} once the fleet starts anew; the key before it still counts\n"
    )
    return 0
