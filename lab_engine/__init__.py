"""A lab on steering traffic with DNS: a real authority, simulated caches, live plots.

The names below are what the lessons use. Each is imported when it is first asked for, so that
`import lab_engine` costs nothing that a notebook does not need.
"""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from lab_engine.authority.plan import outcomes as outcomes
    from lab_engine.authority.records import Client as Client
    from lab_engine.authority.records import Question as Question
    from lab_engine.authority.records import RRset as RRset
    from lab_engine.authority.recordset import RecordSet as RecordSet
    from lab_engine.authority.server import plan as plan
    from lab_engine.authority.state import State as State
    from lab_engine.authority.zone import Zone as Zone
    from lab_engine.control import changes as changes
    from lab_engine.control.account import Account as Account
    from lab_engine.drill.clock import Clock as Clock
    from lab_engine.drill.forwarder import forward as forward
    from lab_engine.errors import LabError as LabError
    from lab_engine.review.diff import diff as diff
    from lab_engine.review.explain import explain as explain
    from lab_engine.review.lint import lint as lint
    from lab_engine.simulation import Clients as Clients
    from lab_engine.simulation import Outcome as Outcome
    from lab_engine.simulation import Resolvers as Resolvers
    from lab_engine.simulation import Scenario as Scenario
    from lab_engine.simulation import run as run
    from lab_engine.simulation.files import dumps as dumps
    from lab_engine.simulation.files import load as load
    from lab_engine.simulation.files import loads as loads
    from lab_engine.simulation.parts import Change as Change
    from lab_engine.simulation.parts import Layer as Layer
    from lab_engine.simulation.parts import Place as Place
    from lab_engine.simulation.parts import Server as Server
    from lab_engine.simulation.parts import Watch as Watch
    from lab_engine.simulation.sweep import sweep as sweep
    from lab_engine.wire.client import ask as ask
    from lab_engine.wire.server import serve as serve

_HOMES = {
    "Account": "lab_engine.control.account",
    "Change": "lab_engine.simulation.parts",
    "Client": "lab_engine.authority.records",
    "Clients": "lab_engine.simulation",
    "Clock": "lab_engine.drill.clock",
    "LabError": "lab_engine.errors",
    "Layer": "lab_engine.simulation.parts",
    "Outcome": "lab_engine.simulation",
    "Place": "lab_engine.simulation.parts",
    "Question": "lab_engine.authority.records",
    "RRset": "lab_engine.authority.records",
    "RecordSet": "lab_engine.authority.recordset",
    "Resolvers": "lab_engine.simulation",
    "Scenario": "lab_engine.simulation",
    "Server": "lab_engine.simulation.parts",
    "State": "lab_engine.authority.state",
    "Watch": "lab_engine.simulation.parts",
    "Zone": "lab_engine.authority.zone",
    "ask": "lab_engine.wire.client",
    "diff": "lab_engine.review.diff",
    "dumps": "lab_engine.simulation.files",
    "explain": "lab_engine.review.explain",
    "forward": "lab_engine.drill.forwarder",
    "lint": "lab_engine.review.lint",
    "load": "lab_engine.simulation.files",
    "loads": "lab_engine.simulation.files",
    "outcomes": "lab_engine.authority.plan",
    "plan": "lab_engine.authority.server",
    "run": "lab_engine.simulation",
    "serve": "lab_engine.wire.server",
    "sweep": "lab_engine.simulation.sweep",
}


def __getattr__(name: str) -> object:
    if name == "changes":
        return import_module("lab_engine.control.changes")
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES, "changes"})
