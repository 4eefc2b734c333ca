"""Events as CloudEvents 1.0, for whoever is not a kiosk: data platforms, exports, webhooks.

On the wire between kiosk and fleet an event stays compact (docs/adr/0011-events-on-the-wire.md): these attributes say
nothing that its place and topic do not. The mapping goes both ways without loss:

    source   /k1/TENANT/SITE/KIOSK
    id       EPOCH-SEQ, unique with the source
    type     endcap.TYPE.v1, TYPE as on the wire: sale, refund, play, ...
    time     wall_ms as RFC 3339, in UTC, to the millisecond; data.clock says how far to believe it
    sequence seq with 20 digits, so that it sorts (the extension of that name)
    data     everything else

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md and formats/json-format.md; the MQTT binding has no
batch mode, so `BATCH_TYPE` on MQTT is ours, as Pub/Sub's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

import msgspec

from mqtt.messages import BadMessage, KioskEvent, decode
from mqtt.topics import ROOT, Address, BadTopic

EVENT_TYPE: Final = "application/cloudevents+json"
BATCH_TYPE: Final = "application/cloudevents-batch+json"
LATEST_MS: Final = 253_402_300_799_999  # the last millisecond RFC 3339 can say, in the year 9999
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TYPE: Final = re.compile(r"endcap\.([a-z-]+)\.v1\Z")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\Z", re.ASCII)
_SEQ: Final = re.compile(r"[1-9][0-9]{0,18}\Z")


class CloudEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One CloudEvent in its JSON form. Attributes of others' are ignored."""

    specversion: str
    id: str
    source: str
    type: str
    time: str
    sequence: str = ""
    datacontenttype: str = ""
    data: dict[str, Any]


def to_cloudevent(address: Address, event: KioskEvent) -> CloudEvent:
    """An event of a kiosk. Raises ValueError for a time that RFC 3339 cannot say."""
    if not 0 <= event.wall_ms <= LATEST_MS:
        raise ValueError(f"wall_ms {event.wall_ms}: 0 to {LATEST_MS} expected")
    data = cast("dict[str, Any]", msgspec.to_builtins(event))
    for name in ("type", "epoch", "seq", "wall_ms"):
        del data[name]
    moment = _EPOCH + timedelta(milliseconds=event.wall_ms)
    return CloudEvent(
        specversion="1.0",
        id=f"{event.epoch}-{event.seq}",
        source=f"/{ROOT}/{address}",
        type=f"endcap.{event.__struct_config__.tag}.v1",
        time=f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z".rjust(24, "0"),
        sequence=f"{event.seq:020d}",
        datacontenttype="application/json",
        data=data,
    )


def from_cloudevent(cloud: CloudEvent) -> tuple[Address, KioskEvent]:
    """The kiosk and its event. Raises BadMessage, which says the attribute."""
    if cloud.specversion != "1.0":
        raise BadMessage(f"$.specversion: '1.0' expected, not {cloud.specversion!r}")
    kind, (epoch, dash, seq) = _TYPE.match(cloud.type), cloud.id.rpartition("-")
    if kind is None:
        raise BadMessage(f"$.type: 'endcap.TYPE.v1' expected, not {cloud.type!r}")
    if not dash or not _SEQ.match(seq):
        raise BadMessage(f"$.id: 'EPOCH-SEQ' expected, not {cloud.id!r}")
    place = {"type": kind[1], "epoch": epoch, "seq": int(seq), "wall_ms": _wall_ms(cloud.time)}
    event: KioskEvent = decode(msgspec.json.encode({**cloud.data, **place}), KioskEvent)
    return _address(cloud.source), event


def batch(address: Address, events: Iterable[KioskEvent]) -> bytes:
    """Many events of one kiosk as a JSON batch (`BATCH_TYPE`)."""
    return msgspec.json.encode([to_cloudevent(address, event) for event in events])


def read_batch(data: bytes) -> list[tuple[Address, KioskEvent]]:
    """What a JSON batch says. Raises BadMessage."""
    return [from_cloudevent(cloud) for cloud in cast("list[CloudEvent]", decode(data, list[CloudEvent]))]


def _wall_ms(time: str) -> int:
    try:
        if not _TIME.match(time):
            raise ValueError
        moment = datetime.fromisoformat(time)
    except ValueError:
        raise BadMessage(f"$.time: UTC to the millisecond expected, not {time!r}") from None
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def _address(source: str) -> Address:
    parts = source.split("/")
    if len(parts) != 5 or parts[:2] != ["", ROOT]:
        raise BadMessage(f"$.source: '/{ROOT}/TENANT/SITE/KIOSK' expected, not {source!r}")
    try:
        return Address(*parts[2:])
    except BadTopic as error:
        raise BadMessage(f"$.source: {error}") from None
