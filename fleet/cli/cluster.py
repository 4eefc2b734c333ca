"""`endcap fleet nats-config`: the configuration of one node of a broker cluster (docs/deployment.md)."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from fleet.broker.cluster import Node, node_config, parse_node
from mqtt.security import Tls


def main(arguments: list[str]) -> int:
    """Write the file, or print it; 1 with one line where that cannot be."""
    options = _parser().parse_args(arguments)
    try:
        text = node_config(
            _here(options.here, options.node), options.node, options.data, sync=options.sync,
            tls=_tls(options), listen=options.listen,
        )  # fmt: skip
        if options.out is None:
            print(text, end="")
        else:
            options.out.write_text(text, encoding="utf-8")
    except (ValueError, OSError) as error:
        print(f"endcap fleet nats-config: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="endcap fleet nats-config", description=__doc__)
    parser.add_argument(
        "--node", type=_node, action="append", required=True, metavar="NAME=HOST",
        help="one for each node, the same list on every node: one, three or five",
    )  # fmt: skip
    parser.add_argument("--here", required=True, metavar="NAME", help="which of them this one is")
    parser.add_argument(
        "--data", type=Path, required=True, help="where it keeps its streams; a disk, not a tmpfs"
    )
    parser.add_argument("--out", type=Path, help="the file (default: print it)")
    parser.add_argument("--listen", default="", help="address to listen on (default: the node's host)")
    parser.add_argument(
        "--sync",
        default="",
        help='how often data goes to the disk: "always" or such as "10s" (default 2 min)',
    )
    for name, what in (
        ("ca", "whom it believes"),
        ("certificate", "who it is"),
        ("key", "of that certificate"),
    ):
        parser.add_argument(f"--{name}", type=Path, help=f"{what}; all three or none")
    return parser


def _node(text: str) -> Node:
    try:
        return parse_node(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _here(name: str, nodes: list[Node]) -> Node:
    for node in nodes:
        if node.name == name:
            return node
    raise ValueError(f"--here {name}: one of {', '.join(node.name for node in nodes)} expected")


def _tls(options: argparse.Namespace) -> Tls | None:
    files = (options.ca, options.certificate, options.key)
    if not any(files):
        return None
    if not all(files):
        raise ValueError("--ca, --certificate and --key go together")
    return Tls(ca=options.ca, certificate=options.certificate, key=options.key)
