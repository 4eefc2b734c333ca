"""Our QR codes are qrcode's, module by module, and a reader gets back exactly what went in."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest
import qrcode
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from kiosk.qr import Level, QrTooLong, Symbol, encode

PAYMENTS = {
    "Pix, static": "00020126580014br.gov.bcb.pix0136123e4567-e12b-12d1-a456-4266554400005204000053039865406123.455802BR"
    "5913MERCADO PAREDE6008BRASILIA62140510LOJA0042T76304A1B2",
    "Pix, dynamic": "00020101021226850014br.gov.bcb.pix2563pix.example.com.br/qr/v2/9d36b84f-c70b-478f-b95c-"
    "12729b90ca255204000053039865802BR5913MERCADO PAREDE6009SAO PAULO62070503***6304C0DE",
    "EPC069-12": "BCD\n002\n1\nSCT\nBPOTBEB1\nWandmarkt Händler GmbH\nBE72000000001616\nEUR12.30\n\n\nK7Q2-20261122-0001\n",
    "PromptPay": "00020101021230690016A00000067701011201150107537000019990208ORDER12303141234567890123453037645406"
    "120.505802TH6304BEEF",
    "UPI": "upi://pay?pa=wall.shop@examplebank&pn=Wall%20Shop&mc=5411&tr=K7Q220261122&am=249.00&cu=INR&tn=Order%20K7Q2",
    "VietQR": "00020101021238570010A00000072701270006970436011301234567890120208QRIBFTTA530370454061500005802VN"
    "62150811DON HANG K7Q6304F00D",
    "PayNow": "00020101021226550009SG.PAYNOW010120213201912345Z67803010041420261122235959520400005303702540512.505802SG"
    "5909WALL SHOP6009SINGAPORE62120108K7Q2-0016304ABCD",
    "Swiss": "SPC\r\n0200\r\n1\r\nCH4431999123000889012\r\nS\r\nMarkt AG\r\nGasse\r\n1\r\n9490\r\nVaduz\r\nLI\r\n\r\n\r\n\r\n"
    "\r\n\r\n\r\n\r\n49.90\r\nCHF\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\nQRR\r\n210000000003139471430009017\r\n\r\nEPD",
    "BOLT11": "LNBC2500U1PVJLUEZPP5QQQSYQCYQ5RQWZQFQQQSYQCYQ5RQWZQFQQQSYQCYQ5RQWZQFQYPQDQ5XYSXXATSYP3K7ENXV4JSXQZPU"
    "9QRSGQUK0RL77NJ30YXDY8J9VDX85FKPMDLA2087NE0XH8NHEDH8W27KYKE0LP53UT353S06FV3QFEGEXT0EH0YMJPF39TUVEN09SAM30G4VGPFNA3RH",
    "WeChat": "weixin://wxpay/bizpayurl?pr=a1B2c3D4",
    "wall URL": "HTTPS://EC.EXAMPLE/K7/095060001343",
    "Digital Link": "HTTPS://SHOP.EXAMPLE/01/09506000134352/21/WALL7F03",
}


def by_qrcode(data: str | bytes, level: Level, version: int | None = None) -> tuple[int, bytes]:
    code = qrcode.QRCode(version, error_correction=int(level), border=0)
    code.add_data(data)
    code.make()
    return code.version, bytes(bool(module) for row in code.modules for module in row)


def assert_identical(data: str | bytes, level: Level, min_version: int = 1) -> Symbol:
    symbol = encode(data, level, min_version=min_version)
    version, cells = by_qrcode(data, level, min_version)
    assert (symbol.version, symbol.size) == (version, 17 + 4 * version)
    assert symbol.modules() == cells, f"{sum(map(int.__ne__, symbol.modules(), cells))} modules differ"
    return symbol


def read(symbol: Symbol) -> zxingcpp.Barcode:
    """What a reader sees at three pixels per module."""
    pixels, side = symbol.luminance()
    image = Image.frombytes("L", (side, side), pixels).resize((side * 3, side * 3), Image.Resampling.NEAREST)
    (barcode,) = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    return barcode


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("name", PAYMENTS)
def test_payment_payloads_are_identical_to_qrcode_and_readable(name: str, level: Level) -> None:
    symbol = assert_identical(PAYMENTS[name], level)
    barcode = read(symbol)
    assert barcode.bytes == PAYMENTS[name].encode()
    assert barcode.ec_level == level.name


@pytest.mark.parametrize("version", range(1, 41))
def test_every_version_at_every_level_is_identical(version: int) -> None:
    """A symbol filled to about three quarters, its content a mixture that differs from level to level."""
    chance = random.Random(version)
    for level in Level:
        room = _capacity(version, level) * 3 // 4
        assert_identical(_mixture(chance, room), level, version)


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("kind", ["bytes", "digits", "alphanumerics", "mixture"])
def test_random_content_is_identical(kind: str, level: Level) -> None:
    chance = random.Random(f"{kind} {level}")
    for _ in range(20):
        assert_identical(_content(chance, kind, chance.randrange(1, 90)), level)


@pytest.mark.parametrize("version", [1, 2, 6, 9, 10, 26, 27])
@pytest.mark.parametrize("level", [Level.L, Level.H])
def test_the_edge_of_each_version_is_the_same(version: int, level: Level) -> None:
    """Full to the last bit, one byte less, one byte more: the terminator, the padding and the next version."""
    full = _capacity(version, level)
    chance = random.Random(version)
    for length in (full - 1, full, full + 1):
        # High bytes only: no run of digits or letters changes the arithmetic.
        data = bytes(chance.randrange(128, 256) for _ in range(length))
        symbol = assert_identical(data, level)
        assert symbol.version == version + (length > full)


@pytest.mark.parametrize(
    "text", ["", "1", "ABC", "12345\n", "ABC\n", "Ab", "0" * 20, "0" * 21, "x" + "7" * 20 + "Y" * 25]
)
def test_short_and_odd_content_is_split_as_qrcode_splits_it(text: str) -> None:
    for level in Level:
        assert_identical(text, level)


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(st.text(min_size=1, max_size=300).map(str.encode), st.binary(min_size=1, max_size=600)),
    st.sampled_from(Level),
)
def test_a_reader_gets_back_every_byte(data: bytes, level: Level) -> None:
    barcode = read(encode(data, level))
    assert barcode.bytes == data
    assert barcode.ec_level == level.name


@settings(max_examples=100, deadline=None)
@given(
    st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:abc", min_size=1, max_size=150),
    st.sampled_from(Level),
)
def test_a_reader_gets_back_the_text(text: str, level: Level) -> None:
    assert read(encode(text, level)).text == text


def test_an_upper_case_url_is_smaller_than_the_same_in_lower_case() -> None:
    url = "HTTPS://SHOP.EXAMPLE/01/09506000134352/21/WALL7F03"
    assert (encode(url).version, encode(url.lower()).version) == (3, 4)
    assert read(encode(url)).text == url


def test_a_block_of_zero_bytes_is_encoded_where_qrcode_gives_up() -> None:
    zeros = bytes(200)
    with pytest.raises(ValueError, match="glog"):
        by_qrcode(zeros, Level.Q)
    assert read(encode(zeros, Level.Q)).bytes == zeros


def test_the_quiet_zone_surrounds_the_symbol_with_light() -> None:
    symbol = encode("HTTPS://SHOP.EXAMPLE/01/09506000134352")
    pixels, side = symbol.luminance(quiet=4)
    assert len(pixels) == side * side == (symbol.size + 8) ** 2
    rows = [pixels[start : start + side] for start in range(0, side * side, side)]
    light = b"\xff"
    assert rows[:4] == rows[-4:] == [light * side] * 4
    inner = rows[4:-4]
    assert all(row[:4] == row[-4:] == light * 4 for row in inner)
    assert tuple(bytes(value == 0 for value in row[4:-4]) for row in inner) == symbol.rows()
    bare, size = symbol.luminance(quiet=0)
    assert (size, bare) == (symbol.size, bytes(0 if dark else 255 for dark in symbol.modules()))
    with pytest.raises(ValueError, match="quiet zone of -1 modules"):
        symbol.luminance(quiet=-1)


def test_a_larger_version_may_be_asked_for() -> None:
    assert encode("A").version == 1
    assert encode("A", min_version=12).version == 12
    for version in (0, 41):
        with pytest.raises(ValueError, match=f"version {version}, expected 1 to 40"):
            encode("A", min_version=version)


def test_too_long_content_is_refused_with_its_lengths() -> None:
    assert encode(bytes([200]) * 1273, Level.H).version == 40
    with pytest.raises(
        QrTooLong, match=r"1274 bytes .* level H: 10212 bits needed, version 40 holds 10208"
    ) as refused:
        encode(bytes([200]) * 1274, Level.H)
    assert (refused.value.length, refused.value.level) == (1274, Level.H)
    assert encode("7" * 7089, Level.L).version == 40
    with pytest.raises(QrTooLong, match="7090 bytes"):
        encode("7" * 7090, Level.L)


def test_the_screen_loads_neither_qrcode_nor_pillow_before_the_first_symbol() -> None:
    program = "import sys, kiosk.qr; print([name for name in ('qrcode', 'PIL') if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def _capacity(version: int, level: Level) -> int:
    """Bytes that a symbol holds in one segment in byte mode."""
    header = 12 if version < 10 else 20
    return (qrcode.util.BIT_LIMIT_TABLE[level][version] - header) // 8


def _content(chance: random.Random, kind: str, length: int) -> bytes:
    if kind == "digits":
        return bytes(chance.choices(b"0123456789", k=length * 2))
    if kind == "alphanumerics":
        return bytes(chance.choices(qrcode.util.ALPHA_NUM, k=length * 3 // 2))
    if kind == "mixture":
        return _mixture(chance, length)
    return chance.randbytes(length)


def _mixture(chance: random.Random, length: int) -> bytes:
    """Stretches long enough to become segments of their own, `length` bytes in all."""
    out = b""
    while len(out) < length:
        out += _content(chance, chance.choice(["digits", "alphanumerics", "bytes"]), chance.randrange(8, 60))
    return out[:length]
