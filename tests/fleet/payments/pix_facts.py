"""What API Pix 2.9.0 demands of messages, as JSON Schema in our own words, for both sides of the fake.

Facts of openapi.yaml (bacen/pix-api at 1f1b568), without what nobody here sends: debtors, withdrawals, locations.
Its patterns are meant for the whole text and are anchored here. `check` is strict where the specification is: a request
with a field it does not know is refused.
"""

from __future__ import annotations

from typing import Any, Final

from jsonschema import Draft202012Validator, FormatChecker

Schema = dict[str, Any]


def _text(pattern: str = "", most: int = 0) -> Schema:
    return (
        {"type": "string"} | ({"pattern": pattern} if pattern else {}) | ({"maxLength": most} if most else {})
    )


def _object(required: str, *, closed: bool = False, **fields: Schema) -> Schema:
    return {
        "type": "object", "required": required.split(), "properties": fields, "additionalProperties": not closed,
    }  # fmt: skip


TXID: Final = "^[a-zA-Z0-9]{26,35}$"
E2E_ID: Final = "^[a-zA-Z0-9]{32}$"
RETURN_ID: Final = "^[a-zA-Z0-9]{1,35}$"
_value = _text(r"^\d{1,10}\.\d{2}$")
_time: Schema = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"}
_seconds: Schema = {"type": "integer"}
_whole: Schema = {"type": "integer"}

_asked_value = _object("original", closed=True, original=_value, modalidadeAlteracao={"enum": [0, 1]})
_extra: Schema = {"type": "array", "items": _object("nome valor", nome=_text(most=50), valor=_text(most=200))}

COB_BODY: Final = _object(
    "valor chave calendario", closed=True,
    calendario=_object("", closed=True, expiracao=_seconds), valor=_asked_value, chave=_text(most=77),
    solicitacaoPagador=_text(most=140), infoAdicionais=_extra,
)  # fmt: skip
COB_REVISED_BODY: Final = _object(
    "", closed=True,
    calendario=_object("", closed=True, expiracao=_seconds), valor=_asked_value, chave=_text(most=77),
    solicitacaoPagador=_text(most=140), infoAdicionais=_extra, status={"enum": ["REMOVIDA_PELO_USUARIO_RECEBEDOR"]},
)  # fmt: skip
RETURN_BODY: Final = _object(
    "valor", closed=True, valor=_value, natureza={"enum": ["ORIGINAL", "RETIRADA"]}, descricao=_text(most=140)
)
WEBHOOK_BODY: Final = _object("webhookUrl", closed=True, webhookUrl={"type": "string", "format": "uri"})

RETURN: Final = _object(
    "id rtrId valor horario status",
    id=_text(RETURN_ID), rtrId=_text(E2E_ID), valor=_value,
    natureza={"enum": ["ORIGINAL", "RETIRADA", "MED_OPERACIONAL", "MED_FRAUDE", "MED_PIX_AUTOMATICO"]},
    horario=_object("", solicitacao=_time, liquidacao=_time),
    status={"enum": ["EM_PROCESSAMENTO", "DEVOLVIDO", "NAO_REALIZADO"]}, motivo=_text(most=140),
)  # fmt: skip
PIX: Final = _object(
    "endToEndId valor horario",
    endToEndId=_text(E2E_ID), txid=_text("^[a-zA-Z0-9]{1,35}$"), valor=_value, chave=_text(most=77), horario=_time,
    infoPagador=_text(most=140), devolucoes={"type": "array", "items": RETURN},
)  # fmt: skip
COB: Final = _object(
    "txid calendario revisao status valor chave",
    txid=_text(TXID), revisao=_whole, calendario=_object("criacao expiracao", criacao=_time, expiracao=_seconds),
    location=_text(most=77), valor=_asked_value | {"additionalProperties": True}, chave=_text(most=77),
    status={"enum": ["ATIVA", "CONCLUIDA", "REMOVIDA_PELO_USUARIO_RECEBEDOR", "REMOVIDA_PELO_PSP"]},
    pixCopiaECola=_text(most=512), solicitacaoPagador=_text(most=140), infoAdicionais=_extra,
    pix={"type": "array", "items": PIX},
)  # fmt: skip
NOTICE: Final = _object("pix", pix={"type": "array", "items": PIX})
PROBLEM: Final = _object(
    "type title status", type={"type": "string", "format": "uri"}, title=_text(), status=_whole, detail=_text(),
    violacoes={"type": "array", "items": _object("", razao=_text(), propriedade=_text(), valor=_text())},
)  # fmt: skip


def check(schema: Schema, message: Any) -> str:
    """What breaks the schema first; "" where nothing does."""
    checker = Draft202012Validator(schema, format_checker=FormatChecker())
    for error in checker.iter_errors(message):
        return f"{error.json_path}: {error.message}"
    return ""
