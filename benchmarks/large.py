"""A zone of 100,000 record sets: loading it, answering from it, changing it, and keeping it.

Each load is a process of its own, so that its memory is its own, too. By itself:

    python -m benchmarks.large FILE
"""

import contextlib
import json
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks.__main__ import Row
from benchmarks.load import dnsperf
from benchmarks.targets import hosts, running

SETS, FEW = 100_000, 1_000
ROUNDS = 7
SECONDS = 1.0
WARM_SECONDS = 3.0  # enough to prepare an answer for each name
CHANGES = 1_000
LOADS = 3  # of which the fastest counts: what else the machine does can only add


def rows() -> Iterator[Row]:
    """Times to load and to change, memory, and the rate of answers; about a minute and a half."""
    with tempfile.TemporaryDirectory(prefix="lab-") as folder:
        for form, write in (("a master file", _master_file), ("AWS JSON", _aws_json)):
            path = write(Path(folder))
            seconds, mb = min(_loaded(path) for _ in range(LOADS))
            what = f"{SETS:,} record sets loaded from {form}"
            yield _at_most(what, seconds, "s", 10)
            yield _at_most(f"{what}: peak memory", mb, "MB", 1000)
        yield _rates(Path(folder))
    yield _batch()
    yield from _kept()


def _at_most(what: str, measured: float, unit: str, most: float) -> Row:
    return {
        "what": what,
        "measured": f"{measured:.3g} {unit}",
        "budget": f"<= {most:g} {unit}",
        "ok": measured <= most,
    }


# Loading


def _master_file(folder: Path) -> Path:
    path = folder / "large.zone"
    path.write_text(hosts(SETS).to_text())
    return path


def _aws_json(folder: Path) -> Path:
    """As `aws route53 list-resource-record-sets` prints it."""
    found = [
        {
            "Name": str(each.name),
            "Type": each.type.name,
            "TTL": each.ttl,
            "ResourceRecords": [{"Value": text} for text in each.texts],
        }
        for each in hosts(SETS)
    ]
    path = folder / "large.json"
    path.write_text(json.dumps({"ResourceRecordSets": found}, indent=4))
    return path


def _loaded(path: Path) -> tuple[float, float]:
    """Seconds and megabytes of a process that loads a file."""
    command = [sys.executable, "-m", "benchmarks.large", str(path)]
    root = Path(__file__).parents[1]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root)
    seconds, mb = map(float, done.stdout.split())
    return seconds, mb


def _load(path: str) -> str:
    from lab_engine import Zone

    begun = perf_counter()
    zone = Zone.from_file(path)
    took = perf_counter() - begun
    if len(zone.record_sets) != SETS:
        raise RuntimeError(f"{path} gave {len(zone.record_sets)} record sets")
    return f"{took} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000}"


# Answering


def _rates(folder: Path) -> Row:
    """Many names in turn, the same of a large zone and of a small one."""
    what = f"UDP answers for {FEW:,} names, zone of {SETS:,} record sets"
    budget = f">= 0.8 of a zone of {2 * FEW:,}"
    if shutil.which("dnsperf") is None:
        return {"what": what, "measured": "dnsperf is missing", "budget": budget, "ok": False}
    names = [str(each.name) for each in hosts(2 * FEW) if str(each.name).startswith("host-")][:FEW]
    with contextlib.ExitStack() as stack:
        large, small = (
            stack.enter_context(running(str(size), folder))[0] for size in (SETS, 2 * FEW)
        )
        for port in (large, small):
            dnsperf(port, WARM_SECONDS, folder, names)
        pairs = [
            [dnsperf(port, SECONDS, folder, names).per_second for port in (large, small)]
            for _ in range(ROUNDS)
        ]
    of_large, of_small = map(median, zip(*pairs, strict=True))
    ratio = of_large / of_small
    measured = f"{of_large / 1000:.1f} k/s, {ratio:.2f} of {of_small / 1000:.1f} k/s"
    return {"what": what, "measured": measured, "budget": budget, "ok": ratio >= 0.8}


# Changing


def _batch() -> Row:
    """From a batch's text to the answer for its last name, over the wire."""
    from lab_engine import serve
    from lab_engine.control.changes import Known, apply

    took = []
    with serve(hosts(SETS)) as server:
        known = Known(max_record_sets=2 * SETS)
        for turn in range(ROUNDS):
            batch = _creating(turn)
            begun = perf_counter()
            server.zone = apply(server.zone, batch, known)
            answer = server.ask(f"new-{turn}-{CHANGES - 1}.shop.example")
            took.append(perf_counter() - begun)
            if answer.values != ("192.0.2.9",):
                raise RuntimeError(f"the last record set is not answered: {answer}")
    what = f"{CHANGES:,} record sets created in a zone of {SETS:,}, and the last one answered"
    return _at_most(what, median(took), "s", 1)


def _creating(turn: int) -> str:
    sets = (
        {
            "Name": f"new-{turn}-{number}.shop.example.",
            "Type": "A",
            "TTL": 60,
            "ResourceRecords": [{"Value": "192.0.2.9"}],
        }
        for number in range(CHANGES)
    )
    changes = [{"Action": "CREATE", "ResourceRecordSet": each} for each in sets]
    return json.dumps({"Changes": changes})


# Keeping


def _kept() -> Iterator[Row]:
    """An account as a state file has it, written and read."""
    from lab_engine.control.account import Account
    from lab_engine.control.snapshot import account_of, as_data

    account = Account.of(hosts(SETS))
    times = []
    for _ in range(LOADS):
        begun = perf_counter()
        text = json.dumps(as_data(account))
        written = perf_counter()
        account_of(json.loads(text))
        times.append((written - begun, perf_counter() - written))
    write, read = (min(each) for each in zip(*times, strict=True))
    yield _at_most(f"state of {SETS:,} record sets written", write, "s", 5)
    yield _at_most(f"state of {SETS:,} record sets read", read, "s", 10)


if __name__ == "__main__":
    print(_load(sys.argv[1]))
