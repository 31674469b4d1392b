"""What is fuzzed: the handler of an authority's messages, and the packets to start from."""

import struct
from random import Random

from lab_engine import RRset, Zone
from lab_engine.authority.policies import Geolocation, Multivalue, Weighted
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.server import Authority
from lab_engine.wire.compiled import Answers

SOURCE = ("127.0.0.1", 40_000)
ROOM = 500_000  # octets of answers kept: few, so that the oldest go all the time


def _group(name, policies):
    return [
        RecordSet.of(name, "A", f"192.0.2.{i}", policy=policy, set_identifier=f"{i}")
        for i, policy in enumerate(policies)
    ]


ZONE = Zone.of(
    "shop.example",
    [
        RRset.of("www", "A", ["192.0.2.1", "192.0.2.2", "192.0.2.3"]),
        RRset.of("mail", "MX", ["10 a.shop.example.", "20 b.shop.example."]),
        RRset.of("big", "TXT", ["x" * 250 + str(i) for i in range(10)]),
        RRset.of("alias", "CNAME", "www.shop.example."),
        RRset.of("*.wild", "A", "192.0.2.9"),
        RecordSet.of("child", "NS", "ns.child.shop.example."),
        RRset.of("ns.child", "A", "192.0.2.54"),
        *_group("w", [Weighted(1), Weighted(3)]),
        *_group("geo", [Geolocation("EU"), Geolocation("", "*")]),
        *_group("many", [Multivalue()] * 10),
    ],
)
NAMES = ("www", "mail", "big", "alias", "a.wild", "x.child", "w", "geo", "many", "gone")
SUBNET = struct.pack("!HHHBB3s", 8, 7, 1, 24, 0, b"\x0a\1\2")
OPTIONS = (b"", SUBNET, struct.pack("!HH8s", 10, 8, b"12345678"))


def handler():
    """The message handler of a served zone, with its dice fixed and its log let go."""
    rng = Random(1)
    return Answers(Authority(ZONE, rng), rng, lambda _: None, lambda: 0.0, room=ROOM).respond


def seeds():
    """Sound queries of every kind the zone answers, plain and with EDNS."""
    for name in NAMES:
        for rdtype in (1, 15, 16, 28, 255):
            labels = b"".join(
                bytes([len(label)]) + label.encode() for label in f"{name}.shop.example".split(".")
            )
            question = labels + b"\0" + struct.pack("!HH", rdtype, 1)
            yield struct.pack("!HHHHHH", 7, 0x100, 1, 0, 0, 0) + question
            for options in OPTIONS:
                opt = b"\0" + struct.pack("!HHIH", 41, 1232, 0, len(options)) + options
                yield struct.pack("!HHHHHH", 7, 0, 1, 0, 0, 1) + question + opt


def check(answer, wire):
    """What holds for every packet over both transports; raises where it does not."""
    for stream in (False, True):
        response = answer(wire, SOURCE, stream)
        if response is None:
            assert len(wire) < 12 or wire[2] & 0x80, "silence to a query"
            continue
        assert response[:2] == wire[:2], "another id"
        assert response[2] & 0x80, "not a response"
        assert len(response) <= (65_535 if stream else 1_232), "longer than allowed"
