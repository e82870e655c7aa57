"""Both pages on a real etcd and on emulators of fleet that really run units: what they change comes about."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.etcd_cluster import EtcdCluster
from support.fleet_cluster import THREE_MACHINES, FleetCluster
from support.web_pages import Visitor

from fleetkit.core import NotYet, Patience, wait_until
from fleetkit.etcd import Store, V2Keys, V3Keys
from fleetkit.fleet import parse_fleet_endpoint
from fleetkit.web import ChangeDesk, PageSettings, make_etcd_app, make_fleet_app
from fleetkit.workflows import FleetReader, KeyPlace, UnitGate

pytestmark = pytest.mark.sandbox

GATE = UnitGate(patience=Patience(deadline_s=40, interval_s=0.3), steady_s=1.0)
SLEEP = "[Service]\nExecStart=/bin/sleep 100000\n"
QUICK = {"FLEET_AGENT_TTL": "6s", "FLEET_ENGINE_RECONCILE_INTERVAL": "1"}


@pytest.fixture(scope="module")
def etcd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdCluster]:
    with EtcdCluster(tmp_path_factory.mktemp("etcd"), size=1) as running:
        yield running


def settle(visitor: Visitor) -> None:
    """Look again until the change is over, as the page itself does."""
    where = visitor.seen.links.get("Look now", "")

    def look() -> bool | NotYet[bool]:
        page = visitor.get(where)
        return NotYet(page.text[:200]) if "Look now" in page.links else True

    if where:
        assert 'http-equiv="refresh"' in visitor.seen.markup
        wait_until(look, what="the change to be over", patience=Patience(deadline_s=60, interval_s=0.5))


def test_a_unit_is_made_stopped_started_and_destroyed(
    etcd: EtcdCluster, tmp_path: Path, desk: ChangeDesk, token: str
) -> None:
    with FleetCluster(etcd, tmp_path / "f", FLEET_ETCD_KEY_PREFIX="/fleet/pages", **QUICK) as fleet:
        fleet.start(dict(list(THREE_MACHINES.items())[:1]))
        endpoint = parse_fleet_endpoint(f"http://127.0.0.1:{fleet.any.port}")
        with FleetReader(endpoint) as reader:
            settings = PageSettings(owner=reader.owner, port=3000, desk=desk)
            visitor = Visitor(make_fleet_app(reader, settings, gate=GATE))
            visitor.sign_in(token)

            def approve(button: str) -> str:
                visitor.press(button)
                visitor.press("Apply", approval=endpoint.name)
                settle(visitor)
                return visitor.seen.text.partition("The plan")[0]

            visitor.get("/new-unit")
            visitor.press("Show the plan", name="web.service", text=SLEEP)
            visitor.press("Apply", approval=endpoint.name)
            settle(visitor)
            assert "Done 1 units of" in visitor.seen.text
            visitor.get(visitor.seen.links["Go on"])
            assert "✓ running loaded, active, running on 10.77.0.13" in visitor.seen.text
            assert "Done" in approve("Stop")
            visitor.get("/units/web.service")
            assert "○ loaded" in visitor.seen.text
            assert "Done" in approve("Start")
            visitor.get("/units/web.service")
            assert "✓ running" in visitor.seen.text
            assert "Done" in approve("Destroy")
            assert "Nothing to do" not in visitor.seen.text
            visitor.get(visitor.seen.links["Go on"])
            assert "no units" in visitor.seen.text
            assert visitor.get("/units/web.service").status == 404


@pytest.mark.parametrize("store", list(Store))
def test_a_key_is_made_written_and_deleted_and_whoever_is_late_writes_nothing(
    etcd: EtcdCluster, desk: ChangeDesk, token: str, store: Store
) -> None:
    stores = (V2Keys(endpoints=etcd.endpoints(), tls=etcd.tls), V3Keys(endpoints=etcd.endpoints(), tls=etcd.tls))
    places = {one.store: KeyPlace(keys=one, owner="demo") for one in stores}
    visitor = Visitor(make_etcd_app(places, PageSettings(owner="demo", port=3000, desk=desk)))
    visitor.sign_in(token)
    keys = places[store].keys
    visitor.get(f"/{store}/new")
    visitor.press("Show the plan", name="/pages/ü ber", value='{"size": 3}', ttl="600")
    visitor.press("Apply", approval="demo")
    assert "Done wrote /pages/ü ber" in visitor.seen.text
    visitor.get(visitor.seen.links["Go on"])
    assert "&#34;size&#34;: 3" in visitor.seen.markup
    assert "expires in" in visitor.seen.text
    key = "/pages/ü ber".encode()

    visitor.get(visitor.seen.links["Write it"])
    visitor.press("Show the plan", value="mine")
    keys.put(key, b"somebody else's", expected=keys.get(key).revision)
    page = visitor.press("Apply", approval="demo")
    assert page.status == 409
    assert "somebody else's" in page.text
    assert keys.get(key).content == b"somebody else's"

    visitor.get(f"/{store}/search?text=BER")
    visitor.get(visitor.seen.links["/pages/ü ber"])
    visitor.press("Delete it")
    visitor.press("Apply", approval="demo")
    assert "Done deleted /pages/ü ber" in visitor.seen.text
    assert "no key /pages/ü ber" in visitor.get(f"/{store}/key?key=/pages/%25C3%25BC%2520ber").text
