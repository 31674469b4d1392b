"""What the authority of a scenario answers to whom: for both engines, before either begins."""

from lab_engine.authority.plan import Plan
from lab_engine.authority.records import Client
from lab_engine.authority.server import plan
from lab_engine.simulation.scenario import Scenario

MESSAGE_IDS = 2**16
ASKER = Client.at("198.18.1.53")
"""Whom an authority sees in a scenario that names no place."""


def planned(scenario: Scenario, client: Client = ASKER) -> Plan:
    """The plan of the scenario's question for one who asks, as things stand at first."""
    return plan(scenario.zone, scenario.question, client, scenario.state)
