"""The configurations for hubs, as tests read them. No test is in here."""

import re
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

from tests.repository import ROOT

HUB: Final = ROOT / "hub"
# What is pulled: an address and a branch, whatever was filled in.
_PULLED: Final = re.compile(r"(?<=gitpuller )\S+ \S+(?= course)")


def configuration(name: str) -> Any:
    """What `tljh.yaml` or `z2jh.yaml` says."""
    return YAML(typ="safe").load(HUB / f"{name}.yaml")


def before_each_start(repository: Path | str, branch: str, settings: Any = None) -> list[str]:
    """The command that z2jh.yaml runs at each start of a learner's server, for another repository.

    Args:
        repository: its address, instead of the one that is written there.
        branch: instead of the one there.
        settings: those of a file that somebody has filled in, instead of ours.
    """
    settings = settings or configuration("z2jh")
    *shell, text = settings["singleuser"]["lifecycleHooks"]["postStart"]["exec"]["command"]
    here, times = _PULLED.subn(lambda _: f"{repository} {branch}", text)
    assert times == 1, text
    return [*shell, here]
