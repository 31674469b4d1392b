"""A lab on steering traffic with DNS: a real authority, simulated caches, live plots.

The names below are what the lessons use. Each is imported when it is first asked for, so that
`import lab_engine` costs nothing that a notebook does not need.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from lab_engine.authority import modes as modes
    from lab_engine.authority.plan import replies as replies
    from lab_engine.authority.policies import Failover as Failover
    from lab_engine.authority.policies import Geolocation as Geolocation
    from lab_engine.authority.policies import Multivalue as Multivalue
    from lab_engine.authority.policies import Weighted as Weighted
    from lab_engine.authority.records import Client as Client
    from lab_engine.authority.records import Question as Question
    from lab_engine.authority.records import RRset as RRset
    from lab_engine.authority.recordset import RecordSet as RecordSet
    from lab_engine.authority.server import plan as plan
    from lab_engine.authority.state import State as State
    from lab_engine.authority.zone import Zone as Zone
    from lab_engine.caches.clients import glibc_order as glibc_order
    from lab_engine.caches.crowds import zipf_shares as zipf_shares
    from lab_engine.control import changes as changes
    from lab_engine.control.account import Account as Account
    from lab_engine.course.lesson import Lesson as Lesson
    from lab_engine.course.oncall.worlds import incident as incident
    from lab_engine.course.overview import overview as overview
    from lab_engine.errors import LabError as LabError
    from lab_engine.labs.sheet import Worksheet as Worksheet
    from lab_engine.live.apex import Apex as Apex
    from lab_engine.live.apex import apex as apex
    from lab_engine.live.asking import redirected_share as redirected_share
    from lab_engine.live.balancers import balance as balance
    from lab_engine.live.clock import Clock as Clock
    from lab_engine.live.drills import drill as drill
    from lab_engine.live.forwarder import forward as forward
    from lab_engine.live.planned import answering as answering
    from lab_engine.live.webclient import WebClient as WebClient
    from lab_engine.live.webservers import webservers as webservers
    from lab_engine.rehearsal.rehearse import Rehearsal as Rehearsal
    from lab_engine.rehearsal.rehearse import rehearse as rehearse
    from lab_engine.review.diff import diff as diff
    from lab_engine.review.explain import explain as explain
    from lab_engine.review.lint import lint as lint
    from lab_engine.simulation import theory as theory
    from lab_engine.simulation.balancer import Balancer as Balancer
    from lab_engine.simulation.cities import cities as cities
    from lab_engine.simulation.designs import Design as Design
    from lab_engine.simulation.failing import Failure as Failure
    from lab_engine.simulation.failovers import failovers as failovers
    from lab_engine.simulation.failovers import simulated_knee as simulated_knee
    from lab_engine.simulation.farms import Farm as Farm
    from lab_engine.simulation.files import dumps as dumps
    from lab_engine.simulation.files import load as load
    from lab_engine.simulation.files import loads as loads
    from lab_engine.simulation.gameday import game_day as game_day
    from lab_engine.simulation.moves import Move as Move
    from lab_engine.simulation.outages import Outage as Outage
    from lab_engine.simulation.outcome import Outcome as Outcome
    from lab_engine.simulation.parts import Backend as Backend
    from lab_engine.simulation.parts import Checkers as Checkers
    from lab_engine.simulation.parts import Clients as Clients
    from lab_engine.simulation.parts import Layer as Layer
    from lab_engine.simulation.parts import Place as Place
    from lab_engine.simulation.parts import Resolvers as Resolvers
    from lab_engine.simulation.parts import ScheduledChange as ScheduledChange
    from lab_engine.simulation.prices import Prices as Prices
    from lab_engine.simulation.prices import bill as bill
    from lab_engine.simulation.run import run as run
    from lab_engine.simulation.run import supports as supports
    from lab_engine.simulation.scenario import Scenario as Scenario
    from lab_engine.simulation.sites import Site as Site
    from lab_engine.simulation.sweep import sweep as sweep
    from lab_engine.simulation.theory.migration import plan_migration as plan_migration
    from lab_engine.simulation.tradeoff import Tradeoff as Tradeoff
    from lab_engine.simulation.travel import rtt_ms as rtt_ms
    from lab_engine.simulation.worlds import Worlds as Worlds
    from lab_engine.simulation.worlds import worlds as worlds
    from lab_engine.views.apex import apex_ways as apex_ways
    from lab_engine.views.canaries import canary as canary
    from lab_engine.views.designs import designed as designed
    from lab_engine.views.drills import drill_panel as drill_panel
    from lab_engine.views.failovers import failover as failover
    from lab_engine.views.farms import farm_queues as farm_queues
    from lab_engine.views.kit.changed import Answers as Answers
    from lab_engine.views.kit.changed import changed as changed
    from lab_engine.views.kit.dots import dots as dots
    from lab_engine.views.kit.drawers import drawer as drawer
    from lab_engine.views.kit.drillbars import drill_bars as drill_bars
    from lab_engine.views.kit.drillstrip import drill_strip as drill_strip
    from lab_engine.views.kit.failoverstrip import failover_strip as failover_strip
    from lab_engine.views.kit.fan import fan as fan
    from lab_engine.views.kit.log import asked as asked
    from lab_engine.views.kit.partbars import part_bars as part_bars
    from lab_engine.views.kit.picture import Ghost as Ghost
    from lab_engine.views.kit.rings import rings as rings
    from lab_engine.views.kit.strips import packets as packets
    from lab_engine.views.kit.strips import traced as traced
    from lab_engine.views.kit.together import luck as luck
    from lab_engine.views.panels import cache_tiles as cache_tiles
    from lab_engine.views.panels import evenness as evenness
    from lab_engine.views.panels import round_robin as round_robin
    from lab_engine.views.panels import three_worlds as three_worlds
    from lab_engine.views.places import world_map as world_map
    from lab_engine.views.ttl_panels import migration as migration
    from lab_engine.views.ttl_panels import ttl_tradeoff as ttl_tradeoff
    from lab_engine.wire.client import ask as ask
    from lab_engine.wire.server import Server as Server
    from lab_engine.wire.server import serve as serve

_HOMES = {
    "Account": "lab_engine.control.account",
    "Answers": "lab_engine.views.kit.changed",
    "Apex": "lab_engine.live.apex",
    "Backend": "lab_engine.simulation.parts",
    "Balancer": "lab_engine.simulation.balancer",
    "Checkers": "lab_engine.simulation.parts",
    "Client": "lab_engine.authority.records",
    "Clients": "lab_engine.simulation.parts",
    "Farm": "lab_engine.simulation.farms",
    "Clock": "lab_engine.live.clock",
    "Failover": "lab_engine.authority.policies",
    "Geolocation": "lab_engine.authority.policies",
    "Design": "lab_engine.simulation.designs",
    "Failure": "lab_engine.simulation.failing",
    "Ghost": "lab_engine.views.kit.picture",
    "LabError": "lab_engine.errors",
    "Layer": "lab_engine.simulation.parts",
    "Lesson": "lab_engine.course.lesson",
    "Move": "lab_engine.simulation.moves",
    "Multivalue": "lab_engine.authority.policies",
    "Outage": "lab_engine.simulation.outages",
    "Outcome": "lab_engine.simulation.outcome",
    "Place": "lab_engine.simulation.parts",
    "Prices": "lab_engine.simulation.prices",
    "Question": "lab_engine.authority.records",
    "RRset": "lab_engine.authority.records",
    "RecordSet": "lab_engine.authority.recordset",
    "Rehearsal": "lab_engine.rehearsal.rehearse",
    "Resolvers": "lab_engine.simulation.parts",
    "Scenario": "lab_engine.simulation.scenario",
    "ScheduledChange": "lab_engine.simulation.parts",
    "Server": "lab_engine.wire.server",
    "Site": "lab_engine.simulation.sites",
    "State": "lab_engine.authority.state",
    "Tradeoff": "lab_engine.simulation.tradeoff",
    "WebClient": "lab_engine.live.webclient",
    "Weighted": "lab_engine.authority.policies",
    "Worlds": "lab_engine.simulation.worlds",
    "Worksheet": "lab_engine.labs.sheet",
    "Zone": "lab_engine.authority.zone",
    "answering": "lab_engine.live.planned",
    "apex": "lab_engine.live.apex",
    "apex_ways": "lab_engine.views.apex",
    "ask": "lab_engine.wire.client",
    "asked": "lab_engine.views.kit.log",
    "balance": "lab_engine.live.balancers",
    "bill": "lab_engine.simulation.prices",
    "cache_tiles": "lab_engine.views.panels",
    "canary": "lab_engine.views.canaries",
    "changed": "lab_engine.views.kit.changed",
    "cities": "lab_engine.simulation.cities",
    "designed": "lab_engine.views.designs",
    "diff": "lab_engine.review.diff",
    "dots": "lab_engine.views.kit.dots",
    "drawer": "lab_engine.views.kit.drawers",
    "drill": "lab_engine.live.drills",
    "drill_bars": "lab_engine.views.kit.drillbars",
    "drill_panel": "lab_engine.views.drills",
    "drill_strip": "lab_engine.views.kit.drillstrip",
    "dumps": "lab_engine.simulation.files",
    "evenness": "lab_engine.views.panels",
    "explain": "lab_engine.review.explain",
    "failover": "lab_engine.views.failovers",
    "failover_strip": "lab_engine.views.kit.failoverstrip",
    "failovers": "lab_engine.simulation.failovers",
    "fan": "lab_engine.views.kit.fan",
    "farm_queues": "lab_engine.views.farms",
    "forward": "lab_engine.live.forwarder",
    "game_day": "lab_engine.simulation.gameday",
    "glibc_order": "lab_engine.caches.clients",
    "incident": "lab_engine.course.oncall.worlds",
    "lint": "lab_engine.review.lint",
    "load": "lab_engine.simulation.files",
    "loads": "lab_engine.simulation.files",
    "luck": "lab_engine.views.kit.together",
    "migration": "lab_engine.views.ttl_panels",
    "overview": "lab_engine.course.overview",
    "packets": "lab_engine.views.kit.strips",
    "part_bars": "lab_engine.views.kit.partbars",
    "plan": "lab_engine.authority.server",
    "plan_migration": "lab_engine.simulation.theory.migration",
    "redirected_share": "lab_engine.live.asking",
    "rehearse": "lab_engine.rehearsal.rehearse",
    "replies": "lab_engine.authority.plan",
    "rings": "lab_engine.views.kit.rings",
    "round_robin": "lab_engine.views.panels",
    "rtt_ms": "lab_engine.simulation.travel",
    "run": "lab_engine.simulation.run",
    "serve": "lab_engine.wire.server",
    "simulated_knee": "lab_engine.simulation.failovers",
    "supports": "lab_engine.simulation.run",
    "sweep": "lab_engine.simulation.sweep",
    "three_worlds": "lab_engine.views.panels",
    "traced": "lab_engine.views.kit.strips",
    "ttl_tradeoff": "lab_engine.views.ttl_panels",
    "webservers": "lab_engine.live.webservers",
    "world_map": "lab_engine.views.places",
    "worlds": "lab_engine.simulation.worlds",
    "zipf_shares": "lab_engine.caches.crowds",
}
_MODULES = {
    "changes": "lab_engine.control.changes",
    "modes": "lab_engine.authority.modes",
    "theory": "lab_engine.simulation.theory",
}

__all__ = [*_HOMES, *_MODULES]  # noqa: PLE0604  (all are strings)


def __getattr__(name: str) -> object:
    if name in _MODULES:
        return import_module(_MODULES[name])
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def load_ipython_extension(shell: Any) -> None:
    """Have a notebook say what to run first, where a cell ends in a name that is not there yet.

    IPython calls it in each kernel of the environment; what says it is imported when it is needed.
    """

    def missed(*what: Any, **more: Any) -> None:
        import_module("lab_engine.course.order").said(*what, **more)

    shell.set_custom_exc((NameError,), missed)


def __dir__() -> "list[str]":  # in quotes for Pythons that are too old, which `__main__` tells so
    return sorted({*globals(), *__all__})
