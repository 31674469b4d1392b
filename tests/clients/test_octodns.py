"""octoDNS against the API: what it writes, what it reads back, and what is answered then.

Its Route 53 provider turns a dynamic record into a tree of weighted sets with health checks below
failover aliases below geolocation or IP-based aliases: a second opinion on all of these at once.
"""

from textwrap import dedent

import pytest
from octodns.manager import Manager

from lab_engine.authority.plan import replies
from lab_engine.authority.records import Client, Question

pytestmark = pytest.mark.clients

PARIS = ("198.18.1.0", 24)
CAPE_TOWN = ("198.18.16.0", 24)
SYDNEY = ("198.19.32.0", 24)
SAN_FRANCISCO = ("198.19.1.0", 24)
NEW_YORK = ("198.19.0.0", 24)
TOKYO = ("198.18.32.0", 24)

PLAIN = """\
    '':
      - {type: A, values: [192.0.2.1, 192.0.2.2]}
      - {type: MX, values: [{preference: 10, exchange: mail.shop.example.}]}
      - {type: TXT, values: [v=spf1 -all, v=DKIM1; k=rsa; p=LONG]}
      - {type: CAA, values: [{flags: 0, tag: issue, value: ca.example.net}]}
    alias: {type: CNAME, value: www.shop.example.}
    mail: {type: AAAA, value: 2001:db8::1}
    '*.any': {type: A, value: 192.0.2.3}
    sub: {type: NS, values: [ns1.example.net., ns2.example.net.]}
    _sip._tcp: {type: SRV, value: {priority: 1, weight: 10, port: 5060, target: mail.shop.example.}}
""".replace("LONG", "x" * 300)
DYNAMIC = """\
    www:
      type: A
      ttl: 60
      octodns:
        healthcheck: {host: www.shop.example, path: /health, port: 8080, protocol: HTTP}
      value: 192.0.2.99
      dynamic:
        pools:
          asia: {fallback: us, values: [{value: 192.0.2.30}]}
          eu: {fallback: us, values: [{value: 192.0.2.10, weight: 3}, {value: 192.0.2.11}]}
          us: {values: [{value: 192.0.2.20}]}
        rules:
          - {geos: [AF-ZA, EU], pool: eu}
          - {geos: [AS], pool: asia}
          - {pool: us}
    cdn:
      type: CNAME
      ttl: 60
      value: last.example.net.
      dynamic:
        pools:
          down: {values: [{value: one.example.net., status: down}]}
          up: {values: [{value: two.example.net., status: up}]}
        rules:
          - {geos: [NA-US-CA], pool: down}
          - {pool: up}
    net:
      type: AAAA
      ttl: 60
      value: 2001:db8::99
      dynamic:
        pools:
          office: {values: [{value: 2001:db8::40}]}
          rest: {values: [{value: 2001:db8::41}]}
        rules:
          - {pool: office, subnets: [198.18.1.0/24]}
          - {pool: rest}
"""
CONFIG = """\
    manager: {{max_workers: 1}}
    providers:
      config:
        class: octodns.provider.yaml.YamlProvider
        directory: {}
        enforce_order: false
        escaped_semicolons: false
      route53:
        class: octodns_route53.Route53Provider
        access_key_id: lab
        secret_access_key: lab
    zones:
      shop.example.: {{sources: [config], targets: [route53]}}
"""


@pytest.fixture
def sync(server, tmp_path):
    """Has octoDNS make shop.example what a text says. Returns how many changes that took."""

    def synced(text):
        config = tmp_path / "config.yaml"
        config.write_text(dedent(CONFIG.format(tmp_path)))
        (tmp_path / "shop.example.yaml").write_text(dedent(text))
        manager = Manager(str(config))
        try:
            return manager.sync(dry_run=False, force=True)
        finally:
            manager.providers["route53"]._conn.close()

    return synced


@pytest.fixture
def check(server, route53):
    """The id of the health check of an address."""

    def found(address):
        checks = route53.list_health_checks()["HealthChecks"]
        (one,) = (each for each in checks if each["HealthCheckConfig"].get("IPAddress") == address)
        return one["Id"]

    return found


def test_the_second_sync_finds_nothing_to_do(sync, server):
    assert sync(PLAIN + DYNAMIC) > 0
    before = server.service.account

    again = sync(PLAIN + DYNAMIC)

    assert again == 0
    assert server.service.account is before


def test_a_zone_that_is_not_there_is_made(sync, route53):
    sync(PLAIN)

    names = [each["Name"] for each in route53.list_hosted_zones()["HostedZones"]]
    assert names == ["example.com.", "shop.example."]


def test_what_the_configuration_does_not_name_is_deleted(sync, dig):
    sync(PLAIN + DYNAMIC)

    assert sync(PLAIN) == 3

    for name in ("www.shop.example", "_octodns-eu-pool.www.shop.example"):
        assert dig(name) == ("NXDOMAIN", [])
    assert sync(PLAIN) == 0


def test_plain_records_are_answered_as_they_were_written(sync, dig):
    sync(PLAIN)

    assert dig("shop.example") == ("NOERROR", ["192.0.2.1", "192.0.2.2"])
    assert dig("shop.example", "MX") == ("NOERROR", ["10 mail.shop.example."])
    assert dig("shop.example", "CAA") == ("NOERROR", ['0 issue "ca.example.net"'])
    assert dig("mail.shop.example", "AAAA") == ("NOERROR", ["2001:db8::1"])
    assert dig("x.y.any.shop.example") == ("NOERROR", ["192.0.2.3"])
    assert dig("_sip._tcp.shop.example", "SRV") == ("NOERROR", ["1 10 5060 mail.shop.example."])
    texts = dig("shop.example", "TXT")[1]
    assert {text.replace('" "', "") for text in texts} == {
        '"v=spf1 -all"',
        f'"v=DKIM1; k=rsa; p={"x" * 300}"',
    }


def test_pools_are_chosen_by_place(sync, dig):
    sync(DYNAMIC)
    pools = {
        PARIS: {"192.0.2.10", "192.0.2.11"},
        CAPE_TOWN: {"192.0.2.10", "192.0.2.11"},
        TOKYO: {"192.0.2.30"},
        NEW_YORK: {"192.0.2.20"},
        SYDNEY: {"192.0.2.20"},
    }

    for subnet, expected in pools.items():
        answered = {tuple(dig("www.shop.example", subnet=subnet)[1]) for _ in range(40)}
        assert answered == {(each,) for each in expected}


def test_values_of_a_pool_are_drawn_by_weight(sync, server):
    sync(DYNAMIC)
    question, client = Question.of("www.shop.example", "A"), Client.at("198.18.1.1")

    planned = server.authority.plan(question, client)

    shares = {reply.answer[0].texts[0]: share for share, reply in replies(planned)}
    assert shares == {"192.0.2.10": pytest.approx(0.75), "192.0.2.11": pytest.approx(0.25)}


def test_pools_are_chosen_by_subnet(sync, dig):
    sync(DYNAMIC)

    assert dig("net.shop.example", "AAAA", PARIS)[1] == ["2001:db8::40"]
    assert dig("net.shop.example", "AAAA", TOKYO)[1] == ["2001:db8::41"]


def test_a_pool_that_fails_falls_back_as_far_as_it_must(sync, server, check, dig):
    sync(DYNAMIC)
    steps = {
        "192.0.2.10": "192.0.2.11",
        "192.0.2.11": "192.0.2.20",
        "192.0.2.20": "192.0.2.99",
    }

    for failing, answered in steps.items():
        server.health[check(failing)] = False
        for _ in range(20):
            assert dig("www.shop.example", subnet=PARIS)[1] == [answered]

    assert dig("www.shop.example", subnet=TOKYO)[1] == ["192.0.2.30"]
    server.health[check("192.0.2.11")] = True
    assert dig("www.shop.example", subnet=PARIS)[1] == ["192.0.2.11"]


def test_a_value_that_is_said_to_be_down_is_not_answered(sync, dig):
    sync(DYNAMIC)

    assert dig("cdn.shop.example", "CNAME", NEW_YORK)[1] == ["two.example.net."]
    assert dig("cdn.shop.example", "CNAME", SAN_FRANCISCO)[1] == ["last.example.net."]


def test_health_checks_are_as_configured_and_go_with_their_record(sync, route53):
    sync(DYNAMIC)
    checks = route53.list_health_checks()["HealthChecks"]
    made = [
        each for each in checks if each["CallerReference"].startswith("0001:A:www.shop.example")
    ]
    configs = [each["HealthCheckConfig"] for each in made]
    assert {each["IPAddress"] for each in configs} == {
        "192.0.2.10",
        "192.0.2.11",
        "192.0.2.20",
        "192.0.2.30",
    }
    assert {each["ResourcePath"] for each in configs} == {"/health"}
    tags = route53.list_tags_for_resource(ResourceType="healthcheck", ResourceId=made[0]["Id"])
    assert tags["ResourceTagSet"]["Tags"][0]["Value"].startswith("www.shop.example.:A - 192.0.2.")

    sync(PLAIN)

    left = route53.list_health_checks()["HealthChecks"]
    assert [each["CallerReference"] for each in left] == [checks[0]["CallerReference"]]


def test_a_change_of_weights_and_pools_is_synced(sync, dig):
    sync(DYNAMIC)
    moved = DYNAMIC.replace("192.0.2.30", "192.0.2.31").replace("weight: 3", "weight: 9")

    assert sync(moved) == 1

    assert dig("www.shop.example", subnet=TOKYO)[1] == ["192.0.2.31"]
    assert sync(moved) == 0
