"""`endcap payload`: the payload and nothing else comes out; what is wrong is said in one line, exit code 2."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fleet.payments.codecs import SCHEMES, Scheme, cli

ROOT = Path(__file__).parents[3]
ROWS = pytest.mark.parametrize("scheme", SCHEMES.values(), ids=list(SCHEMES))
EPC = {"name": "Žižka", "iban": "DE71110220330123456789", "amount": "12.30", "encoding": 3}


def payload(*words: str, stdin: bytes = b"") -> tuple[int, bytes, str]:
    """Exit code, output and errors of the command, run by a Python that sees no site-packages."""
    code = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); import endcap; sys.exit(endcap.main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-I", "-c", code, str(ROOT), "payload", *words],
        input=stdin, capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr.decode()


def said(capfdbinary: pytest.CaptureFixture[bytes], *words: str) -> tuple[int, bytes, str]:
    """The same in this process."""
    code = cli.main(words)
    out, err = capfdbinary.readouterr()
    return code, out, err.decode()


def test_a_payload_alone_and_back_through_a_pipe() -> None:
    code, out, err = payload("epc", json.dumps(EPC))
    assert (code, err) == (0, "")
    assert out == "BCD\n002\n3\nSCT\n\nŽižka\nDE71110220330123456789\nEUR12.3\n".encode("iso8859-2")
    code, out, err = payload("--decode", "-", stdin=out)
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert found["scheme"] == "epc"
    assert found["fields"].items() >= EPC.items()
    assert payload("epc", stdin=json.dumps(EPC).encode())[0] == 0
    assert payload("epc", "-", stdin=json.dumps(EPC).encode())[0] == 0


@ROWS
def test_every_scheme_explains_itself_by_an_example_that_works(
    scheme: Scheme, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    code, out, _ = said(capfdbinary, scheme.key, "--help")
    assert code == 0
    assert all(name.split(".")[-1] in out.decode() for name in scheme.rules)
    example = out.decode().rsplit("example: endcap ", 1)[1].rstrip("\n")
    words = subprocess.run(["sh", "-c", f"printf '%s\\0' {example}"], capture_output=True, check=True)
    code, out, err = said(capfdbinary, *words.stdout.decode().split("\0")[1:-1])
    assert (code, err) == (0, "")
    written = scheme.from_json(dict(scheme.example))
    assert out == scheme.build(written).encode(scheme.charset(written)) + b"\n"
    code, out, err = said(capfdbinary, "--decode", scheme.build(written))
    assert (code, json.loads(out)["scheme"]) == (0, scheme.key)


def test_the_help_lists_the_schemes(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    code, out, _ = said(capfdbinary, "--help")
    assert code == 0
    assert all(f"\n  {key} " in out.decode() for key in SCHEMES)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["epc", '{"name": "a"}'], "iban: is needed: IBAN"),
        (["epc", '{"name": "a", "iban": "DE71110220330123456780"}'], "iban: the check digits are wrong"),
        (["epc", '\ufeff{"name": "a"}'], "json: begins with a byte order mark: UTF-8 without one expected"),
        (
            ["epc", '{"name": "a", "iban": "x", "amount": 3.5}'],
            "amount: a string, not the number 3.5; decimal",
        ),
        (["epc", '{"name": "a", "iban": "x", "iban": "y"}'], "iban: comes twice"),
        (["epc", '{"name": "a", "color": 1}'], "color: no such name; there are name, iban"),
        (["epc", '{"name": "a\\nb", "iban": "DE71110220330123456789"}'], "name: printable characters only"),
        (["epc", '{"name": "\\ud800", "iban": "DE71110220330123456789"}'], "name: printable characters only"),
        (["epc", '{"name": NaN}'], "json: NaN is no JSON"),
        (["epc", "{"], "json: Expecting property name enclosed in double quotes (at character 1)"),
        (["epc", "[" * 100_000], "json: objects nested too deeply"),
        (["epc", "9" * 5000], "json: a number of more digits than anybody counts"),
        (["epc", "[]"], "payload: a JSON object, not an array"),
        (["epc", '"\udc80"'], "argument: Unicode text"),
        (["money", "{}"], "scheme: no 'money'; there are "),
        (["epc", "{}", "{}"], "arguments: SCHEME"),
        (["--decode"], "arguments: SCHEME"),
        (["--decode", "hello"], "payload: belongs to none of"),
        (["--decode", "BCD\n002\n9"], "service: 7 to 12 lines"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    words: list[str], says: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    code, out, err = said(capfdbinary, *words)
    assert (code, out) == (2, b"")
    assert err.startswith(f"endcap payload: {says}")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "stdin", "says"),
    [
        (["epc", "-"], b'{"name": "\xff"}', "standard input: utf-8 text, byte 10 is not"),
        (["--decode", "-"], b"\xff", "standard input: utf-8 text, byte 0 is not"),
        (["--decode", "-"], b"0" * 70_000, "standard input: at most 65536 bytes"),
        (["--decode", "-"], b"", "payload: belongs to none of"),
    ],
)
def test_bad_standard_input_is_said_in_one_line(words: list[str], stdin: bytes, says: str) -> None:
    code, out, err = payload(*words, stdin=stdin)
    assert (code, out) == (2, b"")
    assert err.startswith(f"endcap payload: {says}")
    assert err.count("\n") == 1
