"""`endcap content keys init | show | rotate | replace-lost | renew | add-operator`: who may sign. See docs/releases.md."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from content.release.cli_shared import (
    DONE,
    CommandError,
    now,
    passphrases,
    ring_of,
    run,
    with_keys,
    with_repository,
)
from content.release.keys import OFFLINE, KeyFile, Ring
from content.release.repository import DAY, Repository
from content.release.roles import key_name, load, newest_root, seconds_left
from content.release.rotation import Exchange, add_tenant, create, exchange, key_names, make_keys, renew

_PROGRAM = "endcap content keys"


def main(arguments: Sequence[str] | None = None) -> int:
    """0: done; 1: refused, nothing has changed; 2: wrong words."""
    words = _parser().parse_args(arguments)
    return run(f"{_PROGRAM} {words.what}", lambda: int(words.do(words)))


def _init(words: argparse.Namespace) -> int:
    repository = Repository(words.repository)
    tenants = words.tenant
    if words.start_over and not tenants:
        tenants = load(words.repository, verify=False).tenants()
    if not tenants:
        raise CommandError("--tenant: name the operator, such as --tenant demo")
    made = make_keys(words.keys[0], key_names(tenants), _passphrase(words))
    create(repository, ring_of(words), tenants, now(), over=words.start_over)
    print(f"{len(made)} keys made in {words.keys[0]}, {'plain' if words.plain else 'encrypted'}:")
    for key in made:
        print(f"  {key.path.name:<24} {key.keyid[:8]}")
    print(f"Kiosks are enrolled with {newest_root(words.repository)}")
    print(f"Now move {', '.join(f'{name}.pem' for name in OFFLINE)} to where no network is,")
    print("each root key to another place: two of the three are needed to replace one.")
    return DONE


def _show(words: argparse.Namespace) -> int:
    state = Repository(words.repository).state()
    ring = Ring(words.keys or ())
    print(f"{'ROLE':<12} {'KEY':<14} {'ID':<10} {'HERE':<10} NEEDS   EXPIRES")
    for role in state.roles():
        keys, threshold = state.who(role)
        days = seconds_left(state.of(role).signed, now()) // DAY
        for index, (keyid, key) in enumerate(sorted(keys.items(), key=lambda each: key_name(each[1]))):
            needs = f"{threshold} of {len(keys)}" if index == 0 else ""
            expires = f"in {days} days" if days >= 0 else f"{-days} days ago"
            print(
                f"{role if index == 0 else '':<12} {key_name(key):<14} {keyid[:8]:<10} "
                f"{_here(ring, keyid):<10} {needs:<7} {expires if index == 0 else ''}".rstrip()
            )
    return DONE


def _here(ring: Ring, keyid: str) -> str:
    key = ring.files.get(keyid)
    return "-" if key is None else "encrypted" if key.encrypted else "plain"


def _exchange(words: argparse.Namespace) -> int:
    lost = words.what == "replace-lost"
    how = Exchange(
        into=words.into or words.keys[0],
        passphrase=_passphrase(words),
        lost=lost,
        keep=words.keep if lost else None,
    )
    made = exchange(Repository(words.repository), ring_of(words), words.name, how, now())
    for key in made:
        print(f"{key.name} is now {key.keyid[:8]}, in {key.path}")
    if any(key.name.startswith("root-") for key in made):
        print("Kiosks follow by themselves; give newly enrolled ones the newest root.json")
    _tell_software(made)
    return DONE


def _tell_software(made: Sequence[KeyFile]) -> None:
    online = [key.name for key in made if key.name not in OFFLINE]
    if online:
        print(f"Bring {', '.join(online)} to the machine that publishes")


def _renew(words: argparse.Namespace) -> int:
    renew(Repository(words.repository), ring_of(words), words.role, now())
    print(f"{' and '.join(words.role)} signed for another year")
    return DONE


def _add(words: argparse.Namespace) -> int:
    names = [name for name in key_names([words.name]) if name.split(".")[0] == words.name]
    make_keys(words.keys[0], names, _passphrase(words))
    add_tenant(Repository(words.repository), ring_of(words), words.name, now())
    print(f"operator {words.name} may publish; its keys are in {words.keys[0]}")
    return DONE


def _passphrase(words: argparse.Namespace) -> bytes | None:
    if words.plain:
        return None
    given = passphrases(words.passphrase_file)
    if given:
        return given[0]
    if not sys.stdin.isatty():
        raise CommandError(
            "--passphrase-file: new keys are encrypted with it; or --plain for keys that are not"
        )
    import getpass

    first = getpass.getpass("passphrase for new keys: ")
    if not first or first != getpass.getpass("again: "):
        raise CommandError("the two are not the same, or empty; nothing was made")
    return first.encode()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=_PROGRAM, description="Keys that sign releases: docs/releases.md.")
    kinds = parser.add_subparsers(dest="what", metavar="WHAT", required=True)

    def kind(name: str, what: str) -> argparse.ArgumentParser:
        made = kinds.add_parser(name, help=what, description=what)
        with_repository(made)
        return made

    init = kind("init", "make keys and an empty repository signed by them")
    _making(init)
    init.add_argument("--tenant", action="append", default=[], help="an operator; may be given several times")
    init.add_argument(
        "--start-over", action="store_true", help="replace keys nobody has any more: kiosks need the new root"
    )
    init.set_defaults(do=_init)

    show = kind("show", "which keys sign what, which are here, how long signatures count")
    show.add_argument("--keys", type=Path, metavar="KEYS", action="append", help="look which lie there")
    show.set_defaults(do=_show)

    for name, what in (
        ("rotate", "exchange keys that are still there"),
        ("replace-lost", "exchange keys that are lost or stolen: they count no more at once"),
    ):
        change = kind(name, what)
        change.add_argument(
            "name", nargs="+", metavar="KEY", help="root-1, targets-2, snapshot, demo, demo.live"
        )
        _making(change)
        change.add_argument(
            "--into", type=Path, metavar="KEYS", help="where new keys go (default: first --keys)"
        )
        if name == "replace-lost":
            change.add_argument(
                "--keep",
                action="append",
                metavar="RELEASE",
                help="keep this release and others named so, no more",
            )
        change.set_defaults(do=_exchange)

    again = kind("renew", "have root or targets count for another year")
    again.add_argument("role", nargs="+", choices=("root", "targets"))
    with_keys(again)
    again.set_defaults(do=_renew)

    more = kind("add-operator", "let one operator more publish in this repository")
    more.add_argument("name", metavar="TENANT")
    _making(more)
    more.set_defaults(do=_add)
    return parser


def _making(parser: argparse.ArgumentParser) -> None:
    with_keys(parser)
    parser.add_argument(
        "--plain", action="store_true", help="do not encrypt new keys: for a machine nobody sits at"
    )
