"""What a node of the cluster is told, read back by nats-server itself."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from fleet.broker.broker import find_broker
from fleet.broker.cluster import Node, node_config, parse_node
from mqtt.security import Tls
from tests.servers import missing

A, B, C = (Node(name=name, host=f"mq-{name}.example") for name in "abc")

needs_nats = pytest.mark.skipif(bool(missing("nats")), reason=missing("nats") or "nats-server is here")


def checked(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """nats-server's own verdict on a configuration; it starts nothing."""
    path = folder / "node.conf"
    path.write_text(text)
    return subprocess.run(
        [find_broker("nats").program, "-t", "-c", path], capture_output=True, text=True, check=False
    )


@needs_nats
@pytest.mark.parametrize("sync", ["", "always", "10s"])
@pytest.mark.parametrize("nodes", [(A,), (A, B, C)])
def test_nats_server_takes_what_is_written(nodes: tuple[Node, ...], sync: str, tmp_path: Path) -> None:
    verdict = checked(node_config(A, nodes, tmp_path, sync=sync), tmp_path)
    assert verdict.returncode == 0, verdict.stderr


@needs_nats
def test_all_three_listeners_ask_for_certificates(tmp_path: Path) -> None:
    pem = tmp_path / "it.pem"
    key = tmp_path / "it.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
         "-subj", "/CN=mq-a.example", "-out", pem, "-keyout", key],
        check=True, capture_output=True,
    )  # fmt: skip
    text = node_config(A, (A, B, C), tmp_path, tls=Tls(ca=pem, certificate=pem, key=key))
    assert text.count("verify: true") == 3
    assert checked(text, tmp_path).returncode == 0


def test_a_node_hears_the_others_and_not_itself(tmp_path: Path) -> None:
    text = node_config(B, (A, B, C), tmp_path)
    assert 'routes: ["nats-route://mq-a.example:6222", "nats-route://mq-c.example:6222"]' in text
    assert "stream_replicas: 3" in text


def test_an_ipv6_address_stands_in_brackets(tmp_path: Path) -> None:
    six = Node(name="six", host="fd00::6")
    assert 'listen: "[fd00::6]:1883"' in node_config(six, (six,), tmp_path)


@pytest.mark.parametrize(
    ("nodes", "why"),
    [
        ((B, C, Node(name="d", host="d")), "among them"),
        ((A, B), "one, three or five"),
        ((A, B, A), "different names"),
        ((A, B, C, Node(name="d", host="d")), "one, three or five"),
    ],
)
def test_what_cannot_be_a_cluster_is_refused(nodes: tuple[Node, ...], why: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=why):
        node_config(A, nodes, tmp_path)


@pytest.mark.parametrize(
    "text", ["", "a", "=host", "a=", 'a="; jetstream', "a b=host", "a=ho st", "a=x}", "ä=host"]
)
def test_a_node_on_the_command_line_is_name_and_host(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected|has 1 to 32"):
        parse_node(text)
    assert parse_node("a=10.0.0.7") == Node(name="a", host="10.0.0.7")
