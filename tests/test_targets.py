"""Which targets are probed, and what is asked there."""

import pytest

from lab_engine import LabError
from lab_engine.authority.health import HealthCheck
from lab_engine.control.account import Check
from lab_engine.wire.targets import Target, checked_table, target_of


def check(kind="HTTP", *, disabled=False, **config):
    children = ("other",) if kind == "CALCULATED" else ()
    return Check(HealthCheck("hc-1", kind, disabled=disabled, children=children), config)


def place(table=(), ours=(), **config):
    def is_ours(*each):
        return each in ours

    target = target_of(check(**config), checked_table(dict(table)), is_ours)
    return (target.host, target.port) if isinstance(target, Target) else None


@pytest.mark.parametrize(
    ("config", "where"),
    [
        ({"IPAddress": "127.0.0.1"}, ("127.0.0.1", 80)),
        ({"IPAddress": "127.200.3.4", "Port": 8080}, ("127.200.3.4", 8080)),
        ({"IPAddress": "::1", "kind": "HTTPS"}, ("::1", 443)),
        ({"IPAddress": "0:0:0:0:0:0:0:1", "kind": "TCP", "Port": 25}, ("::1", 25)),
        ({"FullyQualifiedDomainName": "localhost"}, ("127.0.0.1", 80)),
        ({"FullyQualifiedDomainName": "LocalHost."}, ("127.0.0.1", 80)),
        (
            {"FullyQualifiedDomainName": "www.example", "IPAddress": "127.0.0.1"},
            ("127.0.0.1", 80),
        ),
    ],
)
def test_what_is_on_loopback_is_probed_where_it_is_if_the_lab_has_it(config, where):
    """Other programs' ports are nobody's to ask through the API: Route 53 asks none, either."""
    host, port = where

    assert place(ours=[where], **config) == where
    assert place(ours=[(host, port + 1)], **config) is None
    assert f"Port {port} of " in target_of(check(**config), {})


@pytest.mark.parametrize(
    "name",
    [
        "192.0.2.1",
        "10.0.0.1",
        "0.0.0.0",
        "::",
        "2001:db8::1",
        "128.0.0.1",
        "0177.0.0.1",
        "2130706433",
        "127.0.0.1.example",
        "localhost.example",
        "www.example",
    ],
)
@pytest.mark.parametrize("key", ["IPAddress", "FullyQualifiedDomainName"])
def test_anything_else_is_not_probed_and_the_reason_names_it(key, name):
    target = target_of(check(**{key: name}), {})

    assert target == f"{name} is not on loopback, and the address table does not map it there."


def test_a_loopback_name_does_not_help_an_address_that_is_elsewhere():
    assert place(IPAddress="192.0.2.1", FullyQualifiedDomainName="localhost") is None


HERE = {"127.0.0.1": ("127.0.0.1", 8081), "::1": ("::1", 8081)}
TABLE = {
    "192.0.2.1": ("127.0.0.1", 8081),
    "192.0.2.1:443": ("127.0.0.1", 8443),
    "2001:DB8:0::1": ("::1", 8082),
    "[2001:db8::1]:443": ("::1", 8444),
    "WWW.example.": ("localhost", 8083),
    "www.example:8000": ("127.0.0.1", 8084),
    "127.0.0.9": ("127.0.0.1", 8085),
}


@pytest.mark.parametrize(
    ("config", "where"),
    [
        ({"IPAddress": "192.0.2.1"}, ("127.0.0.1", 8081)),
        ({"IPAddress": "192.0.2.1", "kind": "HTTPS"}, ("127.0.0.1", 8443)),
        ({"IPAddress": "2001:db8::1"}, ("::1", 8082)),
        ({"IPAddress": "2001:db8:0:0::1", "Port": 443}, ("::1", 8444)),
        ({"FullyQualifiedDomainName": "www.EXAMPLE"}, ("127.0.0.1", 8083)),
        ({"FullyQualifiedDomainName": "www.example", "Port": 8000}, ("127.0.0.1", 8084)),
        ({"IPAddress": "127.0.0.9"}, ("127.0.0.1", 8085)),
        ({"IPAddress": "192.0.2.2"}, None),
        ({"IPAddress": "192.0.2.2", "FullyQualifiedDomainName": "www.example"}, None),
    ],
)
def test_the_table_maps_an_address_or_a_name_and_a_port_is_closer(config, where):
    assert place(TABLE, **config) == where


@pytest.mark.parametrize(
    "destination",
    [
        ("192.0.2.1", 80),
        ("0.0.0.0", 80),
        ("www.example", 80),
        ("", 80),
        ("127.0.0.1", 0),
        ("127.0.0.1", 65536),
    ],
)
def test_the_table_leads_to_loopback_only(destination):
    with pytest.raises(LabError, match=r"198\.51\.100\.7"):
        checked_table({"198.51.100.7": destination})


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (check("CALCULATED"), "It is calculated from other health checks."),
        (check("CLOUDWATCH_METRIC"), "It follows a CloudWatch alarm, and the lab has none."),
        (check("RECOVERY_CONTROL"), "It follows a routing control, and the lab has none."),
        (check(disabled=True, IPAddress="127.0.0.1"), "It is disabled."),
        (check(), "It names no endpoint and port."),
        (check("TCP", IPAddress="127.0.0.1"), "It names no endpoint and port."),
    ],
)
def test_a_check_that_asks_no_endpoint_says_why(given, reason):
    assert target_of(given, {}) == reason


@pytest.mark.parametrize(
    ("kind", "port", "config", "host"),
    [
        ("HTTP", 80, {"FullyQualifiedDomainName": "www.example"}, "www.example"),
        ("HTTP", 443, {"FullyQualifiedDomainName": "www.example"}, "www.example:443"),
        ("HTTPS", 443, {"FullyQualifiedDomainName": "www.example"}, "www.example"),
        ("HTTPS_STR_MATCH", 443, {"FullyQualifiedDomainName": "www.example"}, "www.example"),
        ("HTTPS", 80, {"FullyQualifiedDomainName": "www.example"}, "www.example:80"),
        ("HTTP", 80, {}, "127.0.0.1"),
        ("HTTP_STR_MATCH", 8080, {}, "127.0.0.1:8080"),
        ("HTTP", 80, {"IPAddress": "::1"}, "[::1]"),
        ("HTTP", 81, {"IPAddress": "::1"}, "[::1]:81"),
    ],
)
def test_the_host_header_names_the_port_unless_it_is_the_usual_one(kind, port, config, host):
    """As the API Reference has it, for what was asked for rather than for where it is mapped."""
    target = target_of(check(kind, **{"IPAddress": "127.0.0.1", "Port": port} | config), HERE)

    assert target.authority == host


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("", "/"),
        ("/health?a=1&b=%20#x", "/health?a=1&b=%20#x"),
        ("health", "/health"),
        ("/a b\r\nX-Evil: 1", "/a%20b%0D%0AX-Evil:%201"),
        ("/é", "/%C3%A9"),
    ],
)
def test_a_path_cannot_leave_its_line(given, sent):
    assert target_of(check(IPAddress="127.0.0.1", ResourcePath=given), HERE).path == sent


def test_a_name_cannot_leave_its_header():
    target = target_of(check(IPAddress="127.0.0.1", FullyQualifiedDomainName="a\r\nX-Evil"), HERE)

    assert target.authority == "a%0D%0AX-Evil"


def test_only_string_matches_search_and_only_sni_names_the_server():
    config = {"IPAddress": "127.0.0.1", "FullyQualifiedDomainName": "www.example"}

    plain = target_of(check("HTTPS", SearchString="ok", EnableSNI=False, **config), HERE)
    match = target_of(check("HTTPS_STR_MATCH", SearchString="ök", EnableSNI=True, **config), HERE)

    assert (plain.search, plain.server_name) == (None, "")
    assert (match.search, match.server_name) == ("ök".encode(), "www.example")
