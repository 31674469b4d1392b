"""Seven incidents, each with a fault of its own. Who wants to find them does not read on."""

import math
from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby
from random import Random
from typing import Any, Final

from dns.name import Name
from dns.rdata import Rdata
from dns.rdatatype import RdataType

from lab_engine.authority.policies import Failover, Geolocation, Weighted
from lab_engine.authority.records import Client, Question, Reply, RRset, as_name
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Forgiving, Zone
from lab_engine.caches.profiles import CLIENTS
from lab_engine.caches.resolver import Resolver
from lab_engine.errors import LabError
from lab_engine.simulation.asking import held
from lab_engine.simulation.cities import cities
from lab_engine.simulation.outcome import Outcome
from lab_engine.simulation.parts import Backend, Clients, Resolvers, ScheduledChange
from lab_engine.simulation.run import run
from lab_engine.simulation.scenario import Scenario
from lab_engine.views.theme import number, percent

from .incident import Incident, World
from .monitoring import Metrics

APEX: Final = "shop.example"
ONE, TWO, THREE, FOUR = (f"192.0.2.{n}" for n in (1, 2, 3, 4))
HOUR: Final = 3600
OFFICES: Final = 20  # caches of others, in which mail is looked after
FINE: Final = 0.001  # the part of the requests that may be lost in any hour


def _a(name: str, address: str, ttl: int = 60, **how: Any) -> RecordSet:
    return RecordSet.of(name, "A", address, ttl, **how)


def _mail() -> World:
    records = [
        RRset.of("@", "CNAME", "shop.cdn.example.", 300),
        RRset.of("@", "MX", "10 mail", 300),
        RRset.of("mail", "A", "192.0.2.25", 300),
    ]
    zone = Zone.of(APEX, records, Forgiving.EXACT_FIRST)
    return World(
        zone,
        Scenario(zone, "mail"),
        _bounced,
        {"partner": {}, "office": {}},
        {"office": [(APEX, "A")]},
    )


def _bounced(incident: Incident) -> Metrics:
    """Senders' caches, each asked for the site and now and then for mail, for an hour."""
    authority, dice = incident.server.authority, Random(1)
    where, asked, lost = Client.at("198.18.1.1"), 0, 0
    questions = {kind: Question.of(APEX, kind) for kind in ("A", "MX")}
    for _ in range(OFFICES):
        cache = Resolver(lambda each, _now: authority.respond(each, where), dice, "ideal")
        now = dice.expovariate(1 / 30)
        while now < HOUR:
            (kind,) = dice.choices(["A", "MX"], [4, 1])
            reply = cache.look_up(questions[kind], now).value.reply
            if kind == "MX":
                asked += 1
                lost += not _mail_server(incident, reply)
            now += dice.expovariate(1 / 30)
    site = _leads(incident, APEX)
    rows = [("mail that found no server", percent(lost / asked)), ("senders", str(OFFICES))]
    rows += [("the site has an address", "yes" if site else "no")]
    return Metrics(tuple(rows), site and lost == 0)


def _mail_server(incident: Incident, reply: Reply) -> bool:
    """Whether an answer names a mail server whose address can be found, too."""
    mail = (each for each in reply.answer if each.type is RdataType.MX)
    return any(_leads(incident, _host(host)) for each in mail for host in each.values)


def _leads(incident: Incident, name: Name | str) -> bool:
    """Whether a name has an A record; who looks after names of other zones is not ours to judge."""
    question = Question.of(name)
    if not incident.server.zone.contains(question.name):
        return True
    reply = incident.server.authority.respond(question, Client.at("198.18.1.1"))
    aliased = (each for each in reply.answer if each.type is RdataType.CNAME)
    others = (_host(host) for each in aliased for host in each.values)
    return bool(reply.addresses) or any(not incident.server.zone.contains(each) for each in others)


def _host(value: Rdata) -> Name:
    """The name that an MX or a CNAME ends in."""
    return as_name(value.to_text().split()[-1])


def _canary() -> World:
    def member(name: str, kind: str, value: str, weight: int) -> RecordSet:
        return RecordSet.of(
            "www", kind, value, 60, policy=Weighted(weight), set_identifier=f"{name}-{kind.lower()}"
        )

    zone = Zone.of(
        APEX,
        [
            member("stable", "A", ONE, 100),
            member("canary", "A", TWO, 0),
            member("stable", "AAAA", "2001:db8::1", 80),
            member("canary", "AAAA", "2001:db8::2", 20),
        ],
    )
    return World(
        zone,
        Scenario(zone, "www", clients=Clients(10_000, 0.01), resolvers=Resolvers(200, skew=1)),
        _still_asked,
        {"provider": {}},
    )


def _still_asked(incident: Incident) -> Metrics:
    """The requests that the new build gets, of those who come by IPv4 and by IPv6."""
    old, new = _watch(incident), _watch(incident, "AAAA")
    watched = (old, new or old)  # whoever has IPv6 has IPv4, too, and falls back on it
    sent = [_to(outcome, TWO) + _to(outcome, "2001:db8::2") for outcome in watched]
    lost = [_failed(outcome) for outcome in watched]
    told = [("to the new build", percent(sum(sent) / len(sent)))]
    told += [("requests that failed", percent(sum(lost) / len(lost)))]
    return Metrics(tuple(told), not any((*sent, *lost)))


def _watch(incident: Incident, kind: str = "A", engine: str = "auto") -> Outcome | None:
    """What becomes of the requests; None where the name has no address: all of them fail."""
    scenario = incident.scenario
    if scenario.step or not held([scenario.set("type", kind)]):
        return None
    return run(scenario.set("type", kind), engine=engine)


def _to(outcome: Outcome | None, address: str) -> float:
    """The part of the requests that an address gets."""
    return dict(_shares(outcome)).get(address, 0.0)


def _country() -> World:
    places = {"EU": ONE, "NA": TWO, "AS": THREE, "OC": FOUR}
    zone = Zone.of(
        APEX,
        [
            _a("www", address, policy=Geolocation(ContinentCode=code), set_identifier=code.lower())
            for code, address in places.items()
        ],
    )
    scenario = Scenario(
        zone, "www", clients=Clients(10_000, 0.01), places=cities(), duration=600, bin=60
    )
    return World(
        zone,
        scenario,
        _reached,
    )


def _reached(incident: Incident) -> Metrics:
    """Who gets to a server, city by city."""
    outcome = _watch(incident)
    due = {place.label: place.share for place in incident.scenario.places}
    got = {
        place: sum(trip.requests for trip in trips)
        for place, trips in groupby(outcome.trips if outcome else (), lambda trip: trip.place)
    }
    lost = [place for place in due if not got.get(place)]
    rows = [("requests that failed", percent(_failed(outcome)))]
    rows += [("cities that reach a server", f"{len(due) - len(lost)} of {len(due)}")]
    return Metrics(tuple(rows), not _failed(outcome))


def _failed(outcome: Outcome | None) -> float:
    return sum(outcome.failed) / max(1, outcome.total) if outcome else 1.0


def _checks() -> World:
    zone = Zone.of(
        APEX,
        [
            _a("www", ONE, policy=Failover("PRIMARY"), set_identifier="large", health_check_id="x"),
            _a("www", TWO, policy=Failover("SECONDARY"), set_identifier="small"),
        ],
    )
    scenario = Scenario(
        zone,
        "www",
        clients=Clients(100, 1.0),
        resolvers=Resolvers(100),
        backends=(Backend(ONE, capacity=150), Backend(TWO, capacity=60)),
        duration=120,
        bin=10,
    )
    return World(
        zone,
        scenario,
        _crowded,
        endpoints=(ONE,),
        prepare=_check_for_a_text,
    )


def _check_for_a_text(client: Any, zone: str) -> None:
    """A check whose text the page lost with the last release, on the primary."""
    config: dict[str, Any] = {
        "Type": "HTTP_STR_MATCH",
        "IPAddress": ONE,
        "Port": 80,
        "ResourcePath": "/health",
    }
    config |= {"SearchString": "welcome", "RequestInterval": 10, "FailureThreshold": 1}
    made = client.create_health_check(CallerReference="large", HealthCheckConfig=config)
    large = {
        "Name": f"www.{APEX}",
        "Type": "A",
        "SetIdentifier": "large",
        "Failover": "PRIMARY",
        "TTL": 60,
        "ResourceRecords": [{"Value": ONE}],
        "HealthCheckId": made["HealthCheck"]["Id"],
    }
    changes = [{"Action": "UPSERT", "ResourceRecordSet": large}]
    client.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})


def _crowded(incident: Incident) -> Metrics:
    """How many the servers refuse."""
    outcome = _watch(incident)
    rows = [("requests that failed", percent(_failed(outcome)))]
    rows += [(f"requests to {each}", percent(share)) for each, share in _shares(outcome)]
    watched = incident.watches(ONE)
    rows += [(f"a health check follows {ONE}", "yes" if watched else "no")]
    back = any(share for each, share in _shares(outcome) if each == ONE)
    return Metrics(tuple(rows), _failed(outcome) <= FINE and back and watched)


def _shares(outcome: Outcome | None) -> Iterable[tuple[str, float]]:
    return zip(outcome.addresses, outcome.shares(), strict=True) if outcome else ()


def _branch() -> World:
    def leaf(region: str, which: int, address: str) -> RecordSet:
        name = f"{region}-{which}"
        check = f"hc-{name}"
        policy = Weighted(1)
        return _a(region, address, policy=policy, set_identifier=name, health_check_id=check)

    def branch(code: str, region: str, *, honest: bool) -> RecordSet:
        return RecordSet.alias_to(
            "www",
            "A",
            region,
            evaluate_target_health=honest,
            policy=Geolocation(ContinentCode=code) if code != "*" else Geolocation(CountryCode="*"),
            set_identifier=f"to-{region}" if code != "*" else "everybody",
        )

    zone = Zone.of(
        APEX,
        [
            leaf("asia", 1, ONE),
            leaf("asia", 2, TWO),
            leaf("world", 1, THREE),
            leaf("world", 2, FOUR),
            branch("AS", "asia", honest=False),
            branch("*", "world", honest=True),
        ],
    )
    scenario = Scenario(
        zone,
        "www",
        clients=Clients(10_000, 0.01),
        places=cities(),
        down=(ONE, TWO),
        duration=600,
        bin=60,
    )
    return World(
        zone,
        scenario,
        _reached,
        sick=("hc-asia-1", "hc-asia-2"),
    )


def _queues() -> World:
    zone = Zone.of(APEX, [RRset.of("www", "A", [ONE, TWO, THREE, FOUR], 60)])
    scenario = Scenario(
        zone,
        "www",
        clients=Clients(2_000, 0.05),
        resolvers=Resolvers(20, profile=(("frozen", 1.0),), skew=1),
        backends=tuple(
            Backend(each, capacity=31, queue=10_000) for each in (ONE, TWO, THREE, FOUR)
        ),
        duration=300,
        bin=60,
    )
    return World(
        zone,
        scenario,
        _slow,
        {"provider": {"profile": "frozen"}},
    )


def _slow(incident: Incident) -> Metrics:
    """What a request waits for."""
    outcome = _watch(incident, engine="events")
    median, worst = outcome.latency_ms(0.5, 0.99) if outcome else (math.inf, math.inf)
    rows = [("a page takes, median", f"{number(median)} ms"), ("p99", f"{number(worst)} ms")]
    rows += [("requests that failed", percent(_failed(outcome)))]
    rows += [(f"requests to {each}", percent(share)) for each, share in _shares(outcome)]
    return Metrics(tuple(rows), worst < 1000 and _failed(outcome) <= FINE)  # a second


def _moved() -> World:
    zone = Zone.of(APEX, [RRset.of("api", "A", TWO, 60)])
    clients = Clients(2_000, 0.05, (("os-cache", 0.88), ("java-8", 0.12)))
    keeps = replace(CLIENTS["jvm"], name="java-8", lifetime=math.inf)
    scenario = Scenario(
        zone,
        "api",
        clients=clients,
        profiles=(keeps,),
        resolvers=Resolvers(50),
        duration=3000,
        bin=60,
    )
    return World(
        zone,
        scenario,
        _left_behind,
        {"provider": {}, "office": {"profile": "unbound"}},
        servers=(ONE,),
    )


def _left_behind(incident: Incident) -> Metrics:
    """Who still comes to the old server, at the end of the watch."""
    now, old = incident.scenario, Zone.of(APEX, [RRset.of("api", "A", ONE, 60)])
    moving = (ScheduledChange(600, "zone", now.zone), ScheduledChange(600, "down", now.down))
    before = replace(now, zone=old, down=(), unhealthy=(), step=False, schedule=moving)
    outcome = run(before)
    last, lost = [row[-1] for row in outcome.requests], outcome.failed[-1]
    every = max(1, sum(last) + lost)
    part = last[outcome.addresses.index(ONE)] / every
    clients = ", ".join(f"{name} {percent(share)}" for name, share in now.clients.profile)
    rows = [("requests to the old server", percent(part)), ("clients", clients)]
    rows += [("requests that failed", percent(lost / every))]
    return Metrics(tuple(rows), part <= FINE and lost / every <= FINE)


WORLDS: Final = {
    "mail": _mail,
    "canary": _canary,
    "country": _country,
    "checks": _checks,
    "branch": _branch,
    "queues": _queues,
    "moved": _moved,
}


def incident(name: str) -> Incident:
    """Begin one of the seven incidents.

    Args:
        name: `mail`, `canary`, `country`, `checks`, `branch`, `queues` or `moved`.

    Raises:
        LabError: there is no such incident.
    """
    if not isinstance(name, str) or name not in WORLDS:
        raise LabError(name, "is no incident", f"Choose of {', '.join(WORLDS)}.")
    return Incident(name, WORLDS[name]())
