"""What a kiosk may offer reaches it, whoever was there first."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet.broker.broker import Broker
from fleet.config import Config
from fleet.serve import Fleet
from mqtt.messages import Presence, encode
from tests.fleet.kiosk import kiosk
from tests.servers import wait_until

pytestmark = pytest.mark.server

FILE = """
[merchant]
name = "Pendelo"
[providers.play]
adapter = "sandbox"
url = "http://127.0.0.1:9"
keys = "bank"
[[methods]]
key = "link"
provider = "play"
[[methods]]
key = "card"
provider = "play"
[stations."t/s/terms-1"]
methods = ["card"]
"""


def test_a_kiosk_hears_its_terms_when_it_appears_and_again_when_it_starts(
    broker: Broker, tmp_path: Path
) -> None:
    file = tmp_path / "payments.toml"
    file.write_text(FILE)
    config = Config(
        data=tmp_path / "fleet", broker_host=broker.host, broker_port=broker.port, port=0, name="terms", payments=file,
        public_url="https://shop.example:8443",
    )  # fmt: skip
    here = encode(Presence(state="ready", boot="b", since_ms=1))
    with kiosk(broker.port, "terms-1") as first, kiosk(broker.port, "terms-2") as second:
        assert first.client.publish(first.address.state, here, retain=True)  # before there is a fleet
        with Fleet(config) as fleet:
            wait_until(lambda: first.terms, "the first kiosk's terms")
            assert second.client.publish(second.address.state, here, retain=True)
            wait_until(lambda: second.terms, "the second kiosk's terms")
            for each in (first, second):
                key, kid = fleet.link_keys.key_for(str(each.address)).hex(), fleet.link_keys.kid
                assert (each.terms[0].link_key, each.terms[0].link_kid) == (key, kid)
        assert [(t.methods, t.domain, t.link_base) for t in (first.terms[0], second.terms[0])] == [
            (("card",), "shop.example", "https://shop.example:8443"),
            (("link", "card"), "shop.example", "https://shop.example:8443"),
        ]
    with kiosk(broker.port, "terms-1") as again:  # and there is no fleet any more
        wait_until(lambda: again.terms, "what the broker has kept")
        assert again.terms[0].methods == ("card",)
