"""`endcap publish-software WHEEL...`: make a signed release of programs, or of an image's name, and put it into a repository."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from content.release import activating
from content.release.cli_shared import DONE, CommandError, now, ring_of, run, with_keys, with_repository
from content.release.repository import Repository
from content.release.wording import size
from content.software.manifest import Image
from content.software.publishing import Terms, publish_image, publish_wheels, releases, retire
from content.software.wheels import read_wheels

_PROGRAM = "endcap publish-software"


def main(arguments: Sequence[str] | None = None) -> int:
    """0: published; 1: refused, nothing has changed; 2: wrong words."""
    words = _parser().parse_args(arguments)
    return run(_PROGRAM, lambda: _do(words))


def _do(words: argparse.Namespace) -> int:
    repository = Repository(words.repository)
    if words.retire:
        retire(repository, ring_of(words), now(), words.retire)
        print(f"{words.retire} is offered no more; kiosks that run it go on")
        return DONE
    if words.list:
        for release in releases(repository):
            what = f"image {release.image.name}" if release.image else f"{len(release.files)} wheels"
            print(f"{release.name:<24} {release.version:<12} {what:<24} {release.note}".rstrip())
        return DONE
    if not words.version:
        raise CommandError("--version: which version is it?")
    if bool(words.wheels) == bool(words.image):
        raise CommandError("expected wheels (files or a folder of them), or --image NAME=SHA256")
    return _publish(words, repository)


def _publish(words: argparse.Namespace, repository: Repository) -> int:
    try:
        activate = activating.activation(words.at, words.window, "UTC")
    except ValueError as error:
        raise CommandError(str(error)) from error
    terms = Terms(
        version=words.version, name=words.name, activate=activate, from_min=words.from_min,
        from_max=words.from_max, note=words.note,
    )  # fmt: skip
    if words.image:
        name, _, digest = words.image.rpartition("=")
        image = Image(name=name, digest=digest.removeprefix("sha256:"))
        made = publish_image(repository, ring_of(words), now(), image, terms)
        print(f"published {made.release.name}: image {image.name}, which each kiosk's own updater brings")
    else:
        made = publish_wheels(repository, ring_of(words), now(), read_wheels(words.wheels), terms)
        print(f"published {made.release.name}: {len(made.release.files)} wheels, {size(made.whole)}")
        print(f"  a kiosk that has the release before fetches {size(made.least)}")
    print("  no kiosk runs it before a roll-out of software says so")
    return DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=_PROGRAM, description="Make a signed release of software: see docs/software.md.",
        epilog="Exit code: 0 published, 1 refused: nothing has changed, 2 wrong words.",
    )  # fmt: skip
    parser.add_argument("wheels", type=Path, nargs="*", metavar="WHEEL", help="files, or folders of them")
    with_repository(parser)
    with_keys(parser)
    parser.add_argument(
        "--version", default="", help="of the wheel of endcap among them; for an image, of what is in it"
    )
    parser.add_argument("--name", default="", help="what roll-outs call it (default: endcap-VERSION)")
    parser.add_argument("--image", default="", metavar="NAME=SHA256", help="an image instead of wheels")
    parser.add_argument(
        "--from-min", default="", metavar="VERSION", help="kiosks with an older one leave it alone"
    )
    parser.add_argument(
        "--from-max", default="", metavar="VERSION", help="kiosks with a newer one leave it alone"
    )
    parser.add_argument("--at", default="", metavar="TIME", help="2026-12-24T02:00 (UTC): not before")
    parser.add_argument(
        "--window", default="", metavar="01:00-04:00", help="in these hours of each kiosk's day only"
    )
    parser.add_argument("--note", default="", help="why, for whoever reads the list")
    parser.add_argument("--list", action="store_true", help="what is published")
    parser.add_argument("--retire", default="", metavar="RELEASE", help="offer this one no more")
    return parser
