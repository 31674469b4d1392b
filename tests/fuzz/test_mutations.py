"""Mutated packets by ten thousands: no exception, no hang, no growth, and it still answers.

Seeded and plain, so that every failure can be repeated; `fuzz_messages.py` is the one that learns.
LAB_LONG=1 sends a million.
"""

import gc
import importlib.util
import resource
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from tests.counts import LONG

HERE = Path(__file__).parent
PACKETS = 1_000_000 if LONG else 15_000
GUIDED = 200_000 if LONG else 1_000  # instrumented code is slower
WARM = 10_000
GROWTH_MB = 5
SLOWEST_S = 2.0  # of work: one packet takes well under a millisecond


def _load(name):
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


target, corpus = _load("target"), _load("corpus")
INTERESTING = (0, 1, 0x3F, 0x40, 0x7F, 0x80, 0xC0, 0xFF)


def mutated(wire, rng):
    """One to four changes: a bit, an octet, a piece lost, doubled, moved in from another place."""
    changed = bytearray(wire)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(changed)) if changed else 0
        end = at + rng.randint(1, 16)
        match rng.randrange(7):
            case 0 if changed:
                changed[at] ^= 1 << rng.randrange(8)
            case 1 if changed:
                changed[at] = rng.choice(INTERESTING)
            case 2:
                del changed[at:end]
            case 3:
                changed[at:at] = changed[at:end]
            case 4:
                changed[at:at] = rng.randbytes(end - at)
            case 5:
                del changed[at:]
            case 6:
                changed[at:end] = wire[: end - at]
    return bytes(changed)


def resident_mb():
    statm = Path("/proc/self/statm")
    if not statm.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)
    return int(statm.read_text().split()[1]) * resource.getpagesize() / (1 << 20)


@pytest.mark.timeout(3_600)
@pytest.mark.slow
def test_mutated_packets_change_nothing():
    rng, answer = Random(8906), target.handler()
    packets = [*target.seeds(), *corpus.packets()]
    slowest = 0.0
    for number in range(PACKETS):
        if number == WARM:
            gc.collect()
            warm_mb = resident_mb()
        wire = mutated(rng.choice(packets), rng)
        begun = time.thread_time()
        target.check(answer, wire)
        slowest = max(slowest, time.thread_time() - begun)
    gc.collect()
    grown_mb = resident_mb() - warm_mb

    assert slowest < SLOWEST_S
    assert grown_mb < GROWTH_MB
    sound = next(iter(target.seeds()))
    assert answer(sound, target.SOURCE, False)[6:8] == b"\0\3"


def test_what_was_found_before_stays_harmless():
    answer = target.handler()
    for packet in corpus.packets():
        target.check(answer, packet)


@pytest.mark.timeout(3_600)
@pytest.mark.long  # the short run has the corpus that it found
@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="atheris is built for Linux alone")
def test_coverage_guided_inputs_change_nothing(tmp_path):
    """The atheris harness: from the kept corpus on, wherever its inputs reach new code."""
    corpus.unpack(tmp_path)
    done = subprocess.run(
        [sys.executable, HERE / "fuzz_messages.py", tmp_path, "-max_len=600", f"-runs={GUIDED}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-2000:]
    assert f"Done {GUIDED} runs" in done.stderr
