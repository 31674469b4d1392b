"""How pytest behaves where learners' code is run: a plugin, and a script of its own.

It says in a line of JSON why a cell failed, and does not wait for a kernel that is dead: nbval
would take that for a cell which takes its time.
"""

import json
import os
import re
import sys
import time
from queue import Empty
from typing import Any, Final

# It reads addresses in schemas, of which notebooks have none, and takes two seconds to be imported.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

from nbval.kernel import RunningKernel  # noqa: E402

COLOURS: Final = re.compile(r"\x1b\[[0-9;]*m")
LOOK: Final = 0.25  # seconds between two looks whether the kernel is alive
LONGEST: Final = 400


def _await_reply(self: Any, msg_id: str, timeout: float | None = None) -> None:
    due = time.monotonic() + (timeout or 60)
    while True:
        try:
            message = self.get_message(stream="shell", timeout=LOOK)
        except Empty:
            if not self.is_alive():
                raise RuntimeError("the kernel died") from None
            if time.monotonic() > due:
                raise
            continue
        if message["parent_header"].get("msg_id") == msg_id:
            return


RunningKernel.await_reply = _await_reply


def pytest_exception_interact(node: Any, call: Any) -> None:
    """Say in which cell something went wrong, and the last line of it."""
    wrong = call.excinfo.value
    lines = COLOURS.sub("", getattr(wrong, "inner_traceback", None) or str(wrong)).splitlines()
    said = next((line.strip() for line in reversed(lines) if line.strip()), type(wrong).__name__)
    line = json.dumps({"cell": getattr(node, "cell_num", -1), "said": said[:LONGEST]})
    os.write(1, f"\n{line}\n".encode())
