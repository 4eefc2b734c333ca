"""A provider of API Pix: an HTTPS server that demands a client's certificate and keeps to the published contract.

Made from openapi.yaml of bacen/pix-api 2.9.0 (see pix_facts). Every request is checked against its schema before it is
looked at and every answer before it is sent; what the text says beside the schemas is cited where it is done.
"""

from __future__ import annotations

import base64
import itertools
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, unquote

import httpx

from tests.fleet.payments import pix_facts as facts
from tests.fleet.payments.fake_ca import FakeCa, Pair
from tests.fleet.payments.fake_http import Answer, Asked, FakeServer, serving

CLIENT_ID: Final = "endcap-tests"
ERRORS: Final = "https://pix.bcb.gov.br/api/v2/error/"
SCOPES: Final = {"cob": "cob", "pix": "pix", "webhook": "webhook"}


class No(Exception):
    """A refusal as RFC 7807."""

    def __init__(self, status: int, key: str, why: str = "", where: str = "") -> None:
        super().__init__(why)
        self.body: dict[str, Any] = {"type": ERRORS + key, "title": key, "status": status, "detail": why}
        if where:
            self.body["violacoes"] = [{"razao": why, "propriedade": where}]


@dataclass
class FakePix:
    """The provider's books and switches. Times are Unix seconds of its own clock, which tests may put forward."""

    ca: FakeCa
    client: Pair
    folder: Path
    pix_key: str = "7d9f0335-8dcc-4054-9bf9-0dbd61d36906"
    client_secret: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    server: FakeServer = field(default_factory=lambda: FakeServer(""))
    ahead_s: int = 0
    tokens: dict[str, tuple[float, frozenset[str]]] = field(default_factory=dict)
    token_lasts_s: int = 3600
    cobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    webhook_url: str = ""
    slow_returns: bool = False  # a return is EM_PROCESSAMENTO until `settle_returns`
    failing_returns: int = 0  # so many returns end as NAO_REALIZADO
    looks_until_back: int = 0  # so many looks at a charge until its returns are done
    refuses_returns: bool = False
    strict: bool = True  # whether a charge that breaks the schema may not be told
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def url(self) -> str:
        return f"{self.server.url}/api/v2"

    @property
    def token_url(self) -> str:
        return f"{self.server.url}/oauth/token"

    def now(self) -> float:
        return time.time() + self.ahead_s

    # --- what happens at the payer's bank -------------------------------------------------------------------------

    def pay(self, txid: str, value: str = "") -> None:
        """A payer's bank sends money. A charge is CONCLUIDA from then on; what comes later still arrives."""
        with self.lock:
            cob = self.cobs[txid]
            pix: dict[str, Any] = {
                "endToEndId": self._end_to_end("E"), "txid": txid, "valor": value or cob["valor"]["original"],
                "horario": self._time(), "devolucoes": [],
            }  # fmt: skip
            cob["pix"].append(pix)
            if cob["status"] == "ATIVA":
                cob["status"] = "CONCLUIDA"

    def settle_returns(self) -> None:
        with self.lock:
            for cob in self.cobs.values():
                for each in itertools.chain.from_iterable(pix["devolucoes"] for pix in cob["pix"]):
                    if each["status"] == "EM_PROCESSAMENTO":
                        self._end(each)

    def notice(self, *txids: str) -> bytes:
        """The body of a webhook about all payments of some charges."""
        message = {"pix": [pix for txid in txids for pix in self.cobs[txid]["pix"]]}
        assert not facts.check(facts.NOTICE, message)
        return json.dumps(message).encode()

    def send_notice(self, *txids: str) -> httpx.Response:
        """Call the registered webhook, as "{url}/pix"."""
        return httpx.post(f"{self.webhook_url}/pix", content=self.notice(*txids), trust_env=False)

    # --- the interface --------------------------------------------------------------------------------------------

    def handle(self, asked: Asked) -> Answer:
        try:
            if (asked.verb, asked.path) == ("POST", "/oauth/token"):
                return self._token(asked)
            if not asked.path.startswith("/api/v2/"):
                raise No(404, "NaoEncontrado")
            parts = [unquote(part) for part in asked.path.removeprefix("/api/v2/").split("/")]
            self._authorised(asked, parts[0])
            with self.lock:
                return self._routed(asked, parts)
        except No as no:
            return _told(no.body["status"], facts.PROBLEM, no.body, "application/problem+json")

    def _token(self, asked: Asked) -> Answer:
        """Client credentials (RFC 6749, 4.4): Basic authentication and a form."""
        form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        proof = base64.b64encode(f"{CLIENT_ID}:{self.client_secret}".encode()).decode()
        if asked.headers.get("authorization") != f"Basic {proof}":
            return Answer(401, {"error": "invalid_client"})
        if form.get("grant_type") != "client_credentials":
            return Answer(400, {"error": "unsupported_grant_type"})
        token = secrets.token_urlsafe(24)
        self.tokens[token] = (self.now() + self.token_lasts_s, frozenset(form.get("scope", "").split()))
        return Answer(
            200, {"access_token": token, "token_type": "Bearer", "expires_in": self.token_lasts_s}
        )  # fmt: skip

    def _authorised(self, asked: Asked, area: str) -> None:
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        until, scopes = self.tokens.get(token, (0.0, frozenset()))
        if self.now() >= until:
            raise No(401, "AcessoNegado", "token")
        wanted = f"{SCOPES.get(area, '?')}.{'read' if asked.verb == 'GET' else 'write'}"
        if wanted not in scopes:
            raise No(403, "AcessoNegado", wanted)

    def _routed(self, asked: Asked, parts: list[str]) -> Answer:
        match asked.verb, parts:
            case "PUT", ["cob", txid]:
                return self._put(txid, _read(asked, facts.COB_BODY, "CobOperacaoInvalida"))
            case "GET", ["cob", txid]:
                self._time_passes()
                return _told(200, facts.COB if self.strict else {}, self._cob(txid))
            case "PATCH", ["cob", txid]:
                return self._patch(txid, _read(asked, facts.COB_REVISED_BODY, "CobOperacaoInvalida"))
            case "PUT", ["pix", e2e_id, "devolucao", name]:
                return self._put_return(e2e_id, name, _read(asked, facts.RETURN_BODY, "PixDevolucaoInvalida"))
            case "GET", ["pix", e2e_id, "devolucao", name]:
                for each in self._pix(e2e_id)["devolucoes"]:
                    if each["id"] == name:
                        return _told(200, facts.RETURN, each)
                raise No(404, "NaoEncontrado")
            case "PUT", ["webhook", key] if key == self.pix_key:
                self.webhook_url = _read(asked, facts.WEBHOOK_BODY, "WebhookOperacaoInvalida")["webhookUrl"]
                return Answer(200)
        raise No(404, "NaoEncontrado")

    def _time_passes(self) -> None:
        if self.looks_until_back:
            self.looks_until_back -= 1
        elif not self.slow_returns:
            self.settle_returns()

    def _cob(self, txid: str) -> dict[str, Any]:
        if txid not in self.cobs:
            raise No(404, "NaoEncontrado", "Entidade não encontrada.")
        return self.cobs[txid]

    def _put(self, txid: str, body: dict[str, Any]) -> Answer:
        """Makes a charge or revises an open one: "A cobrança já existe, não está no status ATIVA" is the violation."""
        if facts.check({"type": "string", "pattern": facts.TXID}, txid):
            raise No(400, "CobOperacaoInvalida", "txid", "txid")
        if body["chave"] != self.pix_key:
            raise No(400, "CobOperacaoInvalida", "chave não pertence a este usuário recebedor", "cob.chave")
        if body["calendario"].get("expiracao", 86_400) <= 0:
            raise No(400, "CobOperacaoInvalida", "expiracao", "cob.calendario.expiracao")
        if float(body["valor"]["original"]) == 0:
            raise No(400, "CobOperacaoInvalida", "valor zero", "cob.valor.original")
        before = self.cobs.get(txid)
        if before is not None and before["status"] != "ATIVA":
            raise No(400, "CobOperacaoInvalida", "A cobrança não está no status ATIVA")
        location = before["location"] if before else f"pix.example.com/qr/v2/{secrets.token_hex(16)}"
        made = before["calendario"]["criacao"] if before else self._time()
        self.cobs[txid] = {
            **body, "txid": txid, "revisao": before["revisao"] + 1 if before else 0, "status": "ATIVA",
            "calendario": {"criacao": made, "expiracao": body["calendario"].get("expiracao", 86_400)},
            "location": location, "pixCopiaECola": code_of(location), "pix": [],
        }  # fmt: skip
        return _told(201, facts.COB, _without_payments(self.cobs[txid]))

    def _patch(self, txid: str, body: dict[str, Any]) -> Answer:
        """Both violations: not open any more, and removed together with other changes."""
        cob = self._cob(txid)
        if cob["status"] != "ATIVA" or ("status" in body and len(body) > 1):
            raise No(400, "CobOperacaoInvalida", "A cobrança não está ATIVA")
        cob.update(body)
        cob["revisao"] += 1
        return _told(200, facts.COB, _without_payments(cob))

    def _pix(self, e2e_id: str) -> dict[str, Any]:
        for cob in self.cobs.values():
            for pix in cob["pix"]:
                if pix["endToEndId"] == e2e_id:
                    return dict(pix)
        raise No(404, "NaoEncontrado")

    def _put_return(self, e2e_id: str, name: str, body: dict[str, Any]) -> Answer:
        """Violations: more than the payment with all earlier returns, and an id used before."""
        pix = self._pix(e2e_id)
        returns = pix["devolucoes"]
        if facts.check({"type": "string", "pattern": facts.RETURN_ID}, name):
            raise No(400, "PixDevolucaoInvalida", "id")
        if any(each["id"] == name for each in returns):
            raise No(400, "PixDevolucaoInvalida", "{id} já utilizado")
        gone = sum(_minor(each["valor"]) for each in returns if each["status"] != "NAO_REALIZADO")
        if gone + _minor(body["valor"]) > _minor(pix["valor"]):
            raise No(400, "PixDevolucaoInvalida", "excederia o valor do pix originário")
        made = {
            "id": name, "rtrId": self._end_to_end("D"), "valor": body["valor"], "natureza": "ORIGINAL",
            "horario": {"solicitacao": self._time()}, "status": "EM_PROCESSAMENTO",
        }  # fmt: skip
        if self.refuses_returns:
            raise No(400, "PixDevolucaoInvalida", "viola a janela de tempo permitida")
        returns.append(made)
        if not self.slow_returns and not self.looks_until_back:
            self._end(made)
        return _told(201, facts.RETURN, made)

    def _end(self, made: dict[str, Any]) -> None:
        if self.failing_returns:
            self.failing_returns -= 1
            made.update(status="NAO_REALIZADO", motivo="Saldo insuficiente")
        else:
            made["horario"]["liquidacao"] = self._time()
            made["status"] = "DEVOLVIDO"

    def _time(self) -> str:
        stamp = datetime.fromtimestamp(self.now(), UTC).isoformat(timespec="milliseconds")
        return stamp.replace("+00:00", "Z")

    def _end_to_end(self, kind: str) -> str:
        return f"{kind}12345678202009091221{next(self.numbers):011}"


def code_of(location: str) -> str:
    """A dynamic Pix code (BR Code) of a location, written here once more so that nothing of the product vouches for it."""
    inner = f"0014br.gov.bcb.pix25{len(location):02}{location}"
    text = f"00020101021226{len(inner):02}{inner}5204000053039865802BR5906Endcap6008Brasilia62070503***6304"
    crc = 0xFFFF
    for byte in text.encode():
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return f"{text}{crc:04X}"


def _read(asked: Asked, schema: facts.Schema, error: str) -> dict[str, Any]:
    if not asked.headers.get("content-type", "").startswith("application/json"):
        raise No(400, error, "content-type")
    body = json.loads(asked.body)
    broken = facts.check(schema, body)
    if broken:
        raise No(400, error, broken, broken.partition(":")[0])
    return dict(body)


def _told(status: int, schema: facts.Schema, body: dict[str, Any], kind: str = "application/json") -> Answer:
    broken = facts.check(schema, body)
    assert not broken, broken
    return Answer(status, body, kind)


def _without_payments(cob: dict[str, Any]) -> dict[str, Any]:
    """CobGerada: the answer to PUT and PATCH lists no payments."""
    return {name: value for name, value in cob.items() if name != "pix"}


def _minor(value: str) -> int:
    return int(value.replace(".", ""))


@contextmanager
def fake_pix(folder: Path) -> Iterator[FakePix]:
    """The provider until the block ends; its authority's certificates and our client's lie in `folder`."""
    ca = FakeCa(folder, "pix-ca")
    fake = FakePix(ca, ca.client("endcap"), folder)
    with serving(fake.handle, ca.server_context()) as server:
        fake.server = server
        yield fake
