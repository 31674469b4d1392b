"""The kept corpus: packets that reach different code, one a line in hexadecimal.

    python tests/fuzz/corpus.py unpack FOLDER    a file for each, as libFuzzer wants them
    python tests/fuzz/corpus.py pack FOLDER      back again

Text, since one file with lines can be read, compared and merged.
"""

import hashlib
import sys
from pathlib import Path

KEPT = Path(__file__).with_name("corpus.txt")


def packets():
    """Every packet that is kept."""
    return [bytes.fromhex(line) for line in KEPT.read_text().splitlines()]


def unpack(folder):
    """Write each packet to a file named by its content."""
    folder.mkdir(parents=True, exist_ok=True)
    for packet in packets():
        name = hashlib.sha1(packet, usedforsecurity=False).hexdigest()
        (folder / name).write_bytes(packet)


def pack(folder):
    """Keep what the files of a folder hold."""
    found = {file.read_bytes() for file in folder.iterdir() if file.is_file()}
    KEPT.write_text("".join(f"{packet.hex()}\n" for packet in sorted(found - {b""})))


if __name__ == "__main__":
    {"unpack": unpack, "pack": pack}[sys.argv[1]](Path(sys.argv[2]))
