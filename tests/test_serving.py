"""`serve` as a whole: DNS, the API, checkers and the journal, joined in one process."""

import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from lab_engine import RecordSet, Zone, ask, serve
from lab_engine.authority.health import HealthCheck
from lab_engine.authority.policies import Failover
from lab_engine.control.account import Account, Check
from lab_engine.errors import LabError
from lab_engine.live import ports

ZONE = Zone.of("shop.example", [RecordSet.of("www", "A", "192.0.2.1", 60)])


def upsert(name, value):
    records = {"TTL": 60, "ResourceRecords": [{"Value": value}]}
    record_set = {"Name": name, "Type": "A", **records}
    return {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": record_set}]}


def created(server, name, reference):
    made = server.client().create_hosted_zone(Name=name, CallerReference=reference)
    return made["HostedZone"]["Id"].removeprefix("/hostedzone/")


@pytest.mark.slow
def test_dns_shows_a_change_the_moment_the_call_returns():
    with serve(Account.of(ZONE, ids={"shop.example": "Z1"}), api=True) as server:
        client = server.client()
        for number in range(2, 20):
            batch = upsert("www.shop.example", f"192.0.2.{number}")
            client.change_resource_record_sets(HostedZoneId="Z1", ChangeBatch=batch)

            assert server.ask("www.shop.example").values == (f"192.0.2.{number}",)


@pytest.mark.slow
def test_a_created_zone_is_served_beside_the_first():
    with serve(ZONE, api=True) as server:
        made = created(server, "other.example", "1")
        batch = upsert("www.other.example", "192.0.2.9")
        server.client().change_resource_record_sets(HostedZoneId=made, ChangeBatch=batch)

        assert server.ask("www.other.example").values == ("192.0.2.9",)
        assert server.ask("www.shop.example").values == ("192.0.2.1",)


@pytest.mark.slow
def test_a_zone_that_is_assigned_is_what_the_api_lists():
    with serve(ZONE, api=True) as server:
        server.zone = ZONE.replaced(RecordSet.of("new", "A", "192.0.2.5"))

        (listed,) = server.client().list_hosted_zones()["HostedZones"]
        assert listed["ResourceRecordSetCount"] == 4


def test_without_an_api_there_is_no_client():
    with serve(ZONE) as server, pytest.raises(LabError, match=r"has no API.*api=True"):
        server.client()


def test_stopping_leaves_no_thread_and_frees_the_ports():
    before = threading.active_count()
    server = serve(ZONE, api=True)
    port = server.api.port
    server.stop()
    server.stop()

    assert threading.active_count() == before
    with serve(ZONE, api=port) as again:
        assert again.api.port == port


@pytest.mark.slow
def test_a_seed_gives_other_ids_after_a_restart(tmp_path):
    path, said = tmp_path / "shop.state", []
    with serve(ZONE, seed=1, api=True, journal=path, say=said.append) as server:
        created(server, "a.example", "1")
    with serve(ZONE, seed=1, api=True, journal=path, say=said.append) as server:
        created(server, "b.example", "2")

        names = [each["Name"] for each in server.client().list_hosted_zones()["HostedZones"]]
    assert names == ["shop.example.", "a.example.", "b.example."]
    assert said == [f"{path} holds a state: it is served, and not what else was named."]


class Fine(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


def test_answers_follow_an_endpoint_that_dies_and_comes_back():
    zone = Zone.of(
        "shop.example",
        [
            RecordSet.of(
                "www",
                "A",
                "192.0.2.1",
                policy=Failover("PRIMARY"),
                set_identifier="one",
                health_check_id="hc-1",
            ),
            RecordSet.of(
                "www", "A", "192.0.2.2", policy=Failover("SECONDARY"), set_identifier="two"
            ),
        ],
    )
    config = {"Type": "HTTP", "IPAddress": "192.0.2.1", "Port": 80}
    account = Account.of(zone, checks=[Check(HealthCheck("hc-1"), config)])
    holding = ports.held()
    place = holding.getsockname()
    backend = HTTPServer(place, Fine)
    threading.Thread(target=backend.serve_forever, daemon=True).start()

    with serve(account, table={"192.0.2.1": place}, pace=0.005) as server:
        first = addressed(server, "192.0.2.1")
        backend.shutdown()
        backend.server_close()
        failed_over = addressed(server, "192.0.2.2")
        backend = HTTPServer(place, Fine)
        threading.Thread(target=backend.serve_forever, daemon=True).start()
        back = addressed(server, "192.0.2.1")
        with pytest.raises(LabError, match="is probed"):
            server.health["hc-1"] = False
    backend.shutdown()
    backend.server_close()
    holding.close()

    assert (first, failed_over, back) == (True, True, True)


def addressed(server, address):
    """Whether this is the answer within a minute."""
    for _ in range(1200):
        if ask("www.shop.example", "A", server.address).values == (address,):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.slow
def test_a_server_may_be_without_zones():
    with serve(Account.of(), api=True) as server:
        empty = server.about
        created(server, "a.example", "1")

        assert (empty, server.about) == (
            "Server of no zone yet, shuffle",
            "Server of a.example., shuffle",
        )


def test_a_table_and_a_pace_are_judged_even_if_nothing_is_probed():
    with pytest.raises(LabError, match="loopback"):
        serve(ZONE, table={"192.0.2.1": ("8.8.8.8", 53)})
    with pytest.raises(LabError, match="pace"):
        serve(ZONE, pace=0)


def test_what_is_no_zone_is_not_served():
    with pytest.raises(LabError, match="is no zone"):
        serve("shop.zone")


@pytest.mark.slow
def test_without_an_api_its_libraries_are_not_imported():
    command = (
        "import sys\nfrom lab_engine import Zone, serve\n"
        "serve(Zone.from_text('$ORIGIN a.example.\\n@ SOA a b 1 2 3 4 5\\n@ NS a\\n')).stop()\n"
        "print({'tornado', 'botocore'} & sys.modules.keys())"
    )

    done = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, text=True, check=False
    )

    assert done.stdout == "set()\n", done.stderr
