"""What is wrong with data that should be GS1's."""

from __future__ import annotations

from devices.errors import ProtocolError


class BadGs1(ProtocolError):
    """`rule` says what was expected; `ai` is the Application Identifier it is about, "" where it is about none."""

    remedy = "Scan it again; if it stays so, the code was printed wrong."

    def __init__(self, rule: str, ai: str = "") -> None:
        super().__init__(f"({ai}) {rule}" if ai else rule)
        self.rule, self.ai = rule, ai
