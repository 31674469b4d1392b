"""The commands that read zones: what they print, and their status."""

import json
import signal
import subprocess
import sys

import pytest

from lab_engine import ask

from .commands import COMMAND, ENVIRONMENT, ROOT, apart, here

FILES = ROOT / "tests" / "policies"
HEALTH = ("--health", "health_checks.json")
CLIENTS = (("10.0.2.53",), ("198.18.1.0/24", "--resolver", "10.0.2.53"))
BLOCKS = ("--cidr-blocks", "cidr_blocks.json")


def run(*arguments):
    return here(*arguments, folder=FILES)


def write(path, value):
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return path


# serve


def test_serve_refuses_an_unknown_health_check():
    done = run("serve", "zone.json", "--unhealthy", "nope")

    assert done.returncode == 1
    assert "nope: is the id of no health check here" in done.stderr


@pytest.mark.parametrize("mapping", ["192.0.2.1", "192.0.2.1=8081", "a=8.8.8.8:1"])
def test_serve_refuses_a_mapping_that_leads_nowhere_on_loopback(mapping):
    done = run("serve", "zone.json", "--map", mapping)

    assert done.returncode == 1
    assert "loopback" in done.stderr or "maps nothing" in done.stderr


# explain


def test_explain_tells_the_tree():
    done = run("explain", "zone.json", "www.shop.example", "--client", "198.18.1.0/24")

    assert done.returncode == 0
    assert done.stdout.startswith("www.shop.example. A for 198.18.1.0/24, which is EU-FR\n")
    assert "first: alias to eu.shop.example. (PRIMARY)" in done.stdout
    assert "     50 %  A 192.0.2.1, TTL 60 s" in done.stdout


@pytest.mark.parametrize(
    ("options", "address"),
    [
        ((), "192.0.2.1"),
        (("--unhealthy", "hc-all"), "192.0.2.9"),
        (("--unhealthy", "hc-1"), "192.0.2.2"),
        (("--unhealthy", "hc-1", "--unhealthy", "hc-2"), "192.0.2.9"),
        ((*HEALTH, "--unhealthy", "hc-1"), "192.0.2.9"),
    ],
)
def test_health_is_set_by_options(options, address):
    """The last of these: hc-all is calculated, and needs both of its children."""
    done = run("explain", "zone.json", "www.shop.example", "--json", *options)

    told = json.loads(done.stdout)
    assert told["replies"][0]["answer"][0]["values"] == [address]
    assert (told["question"], told["scope"]) == ("www.shop.example. A", 0)


def test_health_comes_from_a_file_of_booleans(tmp_path):
    file = write(tmp_path / "health.json", {"hc-1": False, "hc-2": False})
    done = run("explain", "zone.json", "www.shop.example", "--health", file)

    assert "100 %  second (SECONDARY)" in done.stdout


@pytest.mark.slow
def test_a_terminal_without_the_letters_gets_escapes(tmp_path):
    text = (FILES / "weighted.json").read_text().replace('"new"', '"neü"')
    file = write(tmp_path / "zone.json", text)
    done = apart(
        "explain", file, "www.shop.example", folder=FILES, environment={"PYTHONIOENCODING": "ascii"}
    )

    assert "ne\\xfc (weight 1)" in done.stdout


def test_explain_knows_blocks_and_says_what_stands_in_for_aws():
    blocks = run("explain", "ip_based.json", "www.shop.example", "--client", "10.1.2.9", *BLOCKS)
    endpoint = run("explain", "failover.json", "api.shop.example")

    assert "100 %  lab (location lab, 10.1.2.0/24)" in blocks.stdout
    assert "stand in for those of AWS endpoints" in endpoint.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("zone.json", "a..b"), "is not a domain name"),
        (("zone.json", "www.shop.example", "BOGUS"), "is not a record type"),
        (("zone.json", "www.shop.example", "--client", "here"), "is not an IP address"),
        (("zone.json", "www.shop.example", "--client", "10.0.0.0/33"), "is not a network"),
        (("zone.json", "x", "--unhealthy", "hc-3"), "Did you mean hc-"),
        (("simple.json", "x", "--unhealthy", "hc-3"), "No record set has one."),
        (("ip_based.json", "x"), "whose blocks were not given"),
        (("ip_based.json", "x", "--cidr-blocks", "no.json"), "cannot be read"),
        (("zone.json", "x", "--health", "no.json"), "cannot be read"),
        (("zone.json", "x", "--health", "zone.json"), "true or false"),
        (("no.json", "x"), "cannot be read"),
    ],
)
def test_what_cannot_be_explained_is_said(arguments, message):
    done = run("explain", *arguments)

    assert (done.returncode, done.stdout) == (1, "")
    assert message in done.stderr


# lint


def test_lint_finds_nothing():
    done = run("lint", "zone.json", *HEALTH)

    assert (done.returncode, done.stdout) == (0, "no findings\n")


def test_lint_finds_something():
    done = run("lint", "weighted.json")

    assert done.returncode == 1
    assert "[unchecked-standby]" in done.stdout
    assert done.stdout.endswith("2 findings\n")


def test_lint_knows_checks_that_are_not_there(tmp_path):
    file = write(tmp_path / "health.json", {"hc-1": True, "hc-all": True})
    done = run("lint", "zone.json", "--health", file, "--json")

    (finding,) = json.loads(done.stdout)
    assert (done.returncode, finding["rule"]) == (1, "unknown-check")
    assert set(finding) == {"rule", "where", "what", "why", "remedy"}


def test_lint_reads_a_master_file(tmp_path):
    text = "$ORIGIN shop.example.\n@ 60 SOA a b 1 2 3 4 5\n@ 60 NS a\n"

    assert run("lint", write(tmp_path / "shop.zone", text)).returncode == 0


def test_lint_lists_all_that_is_wrong_with_a_broken_file(tmp_path):
    sets = [{"Name": "a.shop.example", "Typ": "A"}, {"Name": "b.shop.example", "Type": "B"}]
    done = run("lint", write(tmp_path / "zone.json", {"ResourceRecordSets": sets}))

    assert (done.returncode, done.stdout) == (2, "")
    assert "zone.json: ResourceRecordSets[0].Typ: is not known here. Did you mean" in done.stderr
    assert "zone.json: ResourceRecordSets[1].Type: 'B' is no type" in done.stderr


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "does not say which zone"), (b"{", "is not JSON"), (b"\xff\xfe{", "cannot be read")],
)
def test_lint_of_no_zone(tmp_path, content, message):
    file = tmp_path / "x"
    file.write_bytes(content)
    done = run("lint", file)

    assert done.returncode == 2
    assert message in done.stderr


# diff


def test_diff_of_the_same_is_nothing():
    done = run("diff", "zone.json", "zone.json")

    assert (done.returncode, done.stdout) == (0, "no differences\n")


def test_diff_says_what_changes_for_whom(tmp_path):
    text = (FILES / "weighted.json").read_text().replace('"Weight": 3', '"Weight": 1')
    after = write(tmp_path / "after.json", text)

    done = run("diff", "weighted.json", after)
    assert done.returncode == 1
    assert done.stdout == (
        "www.shop.example. A changes for everywhere: 25 % of the answers\n"
        "     75 % ->    50 %  192.0.2.1\n"
        "     25 % ->    50 %  192.0.2.2\n"
        "1 difference\n"
    )

    (found,) = json.loads(run("diff", "weighted.json", after, "--json").stdout)
    assert (found["share"], found["who"]) == (0.25, ["everywhere"])


def test_diff_of_a_broken_file_or_of_two_zones(tmp_path):
    other = write(tmp_path / "o", "$ORIGIN o.\n@ 60 SOA a b 1 2 3 4 5\n@ 60 NS a\n")

    assert run("diff", "zone.json", "no.json").returncode == 2
    done = run("diff", "zone.json", other)
    assert done.returncode == 2
    assert "are not the same zone" in done.stderr


# ask and serve


def test_ask_answers_from_a_file():
    done = run("ask", "www.shop.example", "--file", "zone.json", "--unhealthy", "hc-all")

    assert done.returncode == 0
    assert "www.shop.example.\t60\tIN\tA\t192.0.2.9" in done.stdout


def test_ask_asks_for_a_client():
    done = run(
        "ask", "www.shop.example", "--file", "geolocation.json", "--subnet", "2001:db8:1::/48"
    )

    assert "; CLIENT-SUBNET: 2001:db8:1::/48/" in done.stdout


ATLAS = """
[[atlas]]
network = "127.0.0.0/8"
availability_zone = "use1-az1"

[[atlas]]
network = "10.0.2.0/24"
availability_zone = "use1-az2"
"""


def test_where_networks_are_comes_from_a_file(tmp_path):
    """Who asks by `ask` is on this machine."""
    atlas = ("--atlas", write(tmp_path / "atlas.toml", ATLAS))
    told = ("explain", "az_affinity.json", "www.shop.example", *atlas, "--client")
    here = run("ask", "www.shop.example", "--file", "az_affinity.json", *atlas)
    there, resolved = (run(*told, *client) for client in CLIENTS)

    assert "192.0.2.1\n" in here.stdout
    assert "asked from use1-az2 (us-east-1-zg-1, us-east-1, aws)" in there.stdout
    assert "100 %  group (AvailabilityZoneGroup us-east-1-zg-1)" in there.stdout
    assert "100 %  group (AvailabilityZoneGroup us-east-1-zg-1)" in resolved.stdout


def test_an_atlas_that_cannot_be_read_is_refused(tmp_path):
    atlas = write(tmp_path / "atlas.toml", '[[atlas]]\nnetwork = "10.0.0.1/8"')
    done = run("explain", "az_affinity.json", "www.shop.example", "--atlas", atlas)

    assert done.returncode == 1
    assert "atlas.toml: [[atlas]] number 1: atlas.network '10.0.0.1/8': is refused" in done.stderr


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        ((), 2, "one of the arguments --server --file is required"),
        (("--server", "127.0.0.1:1", "--file", "zone.json"), 2, "not allowed with"),
        (("--server", "127.0.0.1:1", "--unhealthy", "x"), 1, "Name a zone with --file."),
        (("--file", "zone.json", "--subnet", "Paris"), 1, "Paris: is not a network"),
    ],
)
def test_ask_is_asked_one_way(options, status, message):
    done = run("ask", "www.shop.example", *options)

    assert done.returncode == status
    assert message in done.stderr


@pytest.mark.slow
def test_serve_takes_health_too():
    command = [*COMMAND, "serve", "zone.json", "--unhealthy", "hc-all"]
    with subprocess.Popen(
        command, cwd=FILES, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
    ) as serving:
        try:
            address = serving.stdout.readline().split(" on ")[1].split()[0]
            values = ask("www.shop.example", "A", address).values
        finally:
            serving.send_signal(signal.SIGTERM)

    assert values == ("192.0.2.9",)
    assert serving.returncode == 0


@pytest.mark.slow
def test_a_reader_who_has_seen_enough_is_no_error():
    piped = f"{sys.executable} -m lab_engine lint weighted.json | true"
    done = subprocess.run(
        piped, shell=True, cwd=FILES, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )

    assert done.stderr == ""
