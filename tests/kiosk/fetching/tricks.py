"""HTTP played badly: each answers one request in a way no static file ever would."""

from __future__ import annotations

from collections.abc import Callable

from tests.kiosk.fetching.hostile import Answer


def hung_up(answer: Answer, data: bytes) -> None:
    answer.head(200, len(data))
    answer.send(data[:-9])


def endless(answer: Answer, _data: bytes) -> None:
    answer.head(200, None)
    for _ in range(10_000):
        answer.send(bytes(65536))


def endless_chunks(answer: Answer, _data: bytes) -> None:
    answer.head(200, None, transfer_encoding="chunked")
    for _ in range(10_000):
        answer.send(b"10000\r\n" + bytes(65536) + b"\r\n")


def endless_headers(answer: Answer, _data: bytes) -> None:
    for _ in range(100_000):
        answer.send(b"HTTP/1.1 100 Continue\r\nx-more: " + b"x" * 1000 + b"\r\n\r\n")


def drip(answer: Answer, data: bytes) -> None:
    answer.head(200, len(data))
    for index in range(len(data)):
        answer.send(data[index : index + 1])
        if answer.server.over.wait(0.02):
            return


def drip_headers(answer: Answer, _data: bytes) -> None:
    for _ in range(10_000):
        answer.send(b"x")
        if answer.server.over.wait(0.02):
            return


def raw(data: bytes) -> Callable[[Answer, bytes], None]:
    return lambda answer, _data: answer.send(data)


def head(status: int, **headers: str) -> Callable[[Answer, bytes], None]:
    def trick(answer: Answer, data: bytes) -> None:
        answer.head(status, len(data), **headers)
        answer.send(data)

    return trick
