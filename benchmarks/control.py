"""Changes over the API until DNS answers them: a batch of 1,000 records, and one UPSERT.

The server is `python -m lab_engine serve`, in a process of its own; the client is botocore, and its
part of the time counts. A change is visible when a question for it, asked after the request has
returned, has the right answer. What a batch brings is deleted again, so that the zone stays as
large as it was.
"""

import contextlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

from lab_engine.wire.api import client
from lab_engine.wire.client import ask

from .__main__ import Row

ROOT = Path(__file__).parents[1]
ZONE_ID = "ZBENCHMARK"
SIZES = {"small": 10, "large": 100_000}
ROUNDS = 5
RECORDS = 1_000
SINGLES = 50
SECONDS = 1.0  # of a batch
SINGLE = 0.015  # seconds of one UPSERT


class Lab(NamedTuple):
    """A running server and a client of its API."""

    dns: str
    route53: Any


class Times(NamedTuple):
    """Medians, from sending to the right answer.

    Attributes:
        batch: seconds for 1,000 records.
        single: seconds for one UPSERT.
    """

    batch: float
    single: float


def rows() -> list[Row]:
    """The large zone by its budget, and beside a small one; about a minute."""
    with tempfile.TemporaryDirectory(prefix="lab-") as folder:
        small, large = (_times(Path(folder), size) for size in SIZES.values())
    ratio, sets = large.batch / small.batch, f"{SIZES['large']:,} record sets"
    return [
        {
            "what": f"{RECORDS:,}-record batch over the API and visible, zone of {sets}",
            "measured": f"{large.batch:.2f} s, {ratio:.2f} of a zone of {SIZES['small']}",
            "budget": f"<= {SECONDS} s",
            "ok": large.batch <= SECONDS,
        },
        {
            "what": f"one UPSERT over the API and visible, zone of {sets}",
            "measured": f"{large.single * 1000:.1f} ms, small zone {small.single * 1000:.1f} ms",
            "budget": f"<= {SINGLE * 1000:.0f} ms",
            "ok": large.single <= SINGLE,
        },
    ]


def _times(folder: Path, size: int) -> Times:
    with _running(folder, size) as lab:
        batches = [_batch(lab, number) for number in range(ROUNDS)]
        singles = [_single(lab, number) for number in range(SINGLES)]
    return Times(median(batches), median(singles))


def _batch(lab: Lab, number: int) -> float:
    names = [f"new{number}-{place}.shop.example" for place in range(RECORDS)]
    values = [f"10.{number}.{place >> 8}.{place & 255}" for place in range(RECORDS)]
    made = [*map(_record_set, names, values)]
    begin = perf_counter()
    _change(lab, "CREATE", made)
    _check(lab, names[-1], values[-1])
    taken = perf_counter() - begin
    _change(lab, "DELETE", made)
    return taken


def _single(lab: Lab, number: int) -> float:
    name, value = "www.shop.example", f"10.99.0.{number}"
    begin = perf_counter()
    _change(lab, "UPSERT", [_record_set(name, value)])
    _check(lab, name, value)
    return perf_counter() - begin


def _record_set(name: str, value: str) -> dict[str, Any]:
    return {"Name": name, "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": value}]}


def _change(lab: Lab, action: str, record_sets: list[dict[str, Any]]) -> None:
    changes = [{"Action": action, "ResourceRecordSet": each} for each in record_sets]
    lab.route53.change_resource_record_sets(HostedZoneId=ZONE_ID, ChangeBatch={"Changes": changes})


def _check(lab: Lab, name: str, value: str) -> None:
    answered = ask(name, "A", lab.dns).values
    if answered != (value,):
        raise RuntimeError(f"{name}: {answered!r} was answered, not {value}")


@contextlib.contextmanager
def _running(folder: Path, size: int) -> Iterator[Lab]:
    """A server of a zone with so many record sets, stopped by its own id."""
    file = folder / f"{size}.zone"
    lines = (f"n{n} 300 IN A 192.0.2.{n % 256}\n" for n in range(size - 3))
    file.write_text(_HEAD + "".join(lines))
    command = [sys.executable, "-m", "lab_engine", "serve", str(file)]
    options = ["--port", "0", "--api-port", "0", "--zone-id", ZONE_ID]
    with subprocess.Popen(
        [*command, *options], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        try:
            assert process.stdout is not None
            said = [process.stdout.readline(), process.stdout.readline()]
            dns, url = _found(r"on (\S+) ", said[0]), _found(r"(http://\S+);", said[1])
            with contextlib.closing(client(url)) as route53:
                yield Lab(dns, route53)
        finally:
            process.terminate()


def _found(pattern: str, line: str) -> str:
    found = re.search(pattern, line)
    if found is None:
        raise RuntimeError(f"the server said {line!r}")
    return found[1]


_HEAD = """\
$ORIGIN shop.example.
@ 900 IN SOA ns1 hostmaster 1 7200 900 1209600 86400
@ 900 IN NS ns1.example.net.
www 60 IN A 192.0.2.1
"""
