"""An atheris harness for the message handler, guided by coverage.

    pip install atheris
    python tests/fuzz/corpus.py unpack build/corpus
    python tests/fuzz/fuzz_messages.py build/corpus -max_len=600 -max_total_time=600
    python tests/fuzz/corpus.py pack build/corpus

An input that breaks the handler is written to `crash-…` and named; inputs that reach new code are
added to the folder, from which the last line keeps them.
"""

import sys
from pathlib import Path

import atheris

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parent)]
with atheris.instrument_imports(include=["lab_engine", "dns"]):
    import target

ANSWER = target.handler()


def one_input(data: bytes) -> None:
    """What libFuzzer calls."""
    target.check(ANSWER, data)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
