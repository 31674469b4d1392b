"""The resolvers and the clients we know, as data, with where we know them from.

To try a setting, change a field of a row: `replace(RECURSIVES["unbound"], prefetch_share=0.1)`.
Serve-stale (RFC 8767) is off in every row, as it is by default.
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from lab_engine.authority.records import MAX_TTL
from lab_engine.caches.clientprofiles import ClientProfile, Use
from lab_engine.caches.orders import SetOrder
from lab_engine.caches.recursives import DAY, Limits, RecursiveProfile
from lab_engine.caches.sources import Sureness, by_name, named, table

__all__ = ["CLIENTS", "RECURSIVES", "client", "recursive", "table"]

_UNBOUND = RecursiveProfile(
    "unbound",
    whole_seconds=True,
    grace=1,
    failure=5,  # unverified: NORR_TTL
    source="its source code, 1.17.0 to 1.24.2; packets through 1.17.1",
    sureness=Sureness.MEASURED,
    unverified=("failure",),
)

RECURSIVES: Mapping[str, RecursiveProfile] = MappingProxyType(
    by_name(
        (
            RecursiveProfile("ideal"),
            RecursiveProfile("frozen", order=SetOrder.FROZEN),
            RecursiveProfile("ecs", ecs=(24, 56)),
            RecursiveProfile(
                "bind",
                Limits(0, 7 * DAY, 10_800),
                whole_seconds=True,
                prefetch=2,
                prefetch_from=9,
                failure=1,  # unverified: servfail-ttl
                order=SetOrder.ONE_SEED,
                source="its source code, 9.16 to 9.20; packets through 9.18.49",
                sureness=Sureness.MEASURED,
                remembered=("ecs",),
                unverified=("failure",),
            ),
            _UNBOUND,
            replace(
                _UNBOUND,
                name="unbound-1.25",
                grace=0,
                source="its source code, 1.25.0",
                sureness=Sureness.READ,
            ),
            RecursiveProfile(
                "powerdns",
                Limits(1, DAY, 3_600),
                whole_seconds=True,
                failure=60,  # unverified: packetcache-servfail-ttl
                order=SetOrder.SHUFFLED_ONCE,
                source="the Recursor's source code; packets through 4.8.8",
                sureness=Sureness.MEASURED,
                unverified=("failure",),
            ),
            RecursiveProfile(
                "knot",
                Limits(5, DAY, DAY),
                whole_seconds=True,  # unverified
                source="Knot Resolver's source code, 5.3 and later (order)",
                sureness=Sureness.READ,
                unverified=("whole_seconds", "grace", "failure"),
            ),
            RecursiveProfile(
                "dnsmasq",
                Limits(0, MAX_TTL, MAX_TTL),
                whole_seconds=True,  # unverified
                source="its source code, in part",
                sureness=Sureness.READ,
                unverified=("limits", "whole_seconds", "grace", "failure", "order"),
            ),
            RecursiveProfile(
                "coredns",
                Limits(5, 3_600, 1_800),
                failure=5,  # unverified
                order=SetOrder.SHUFFLE,
                source="its source code and the pages of its plugins cache and loadbalance",
                sureness=Sureness.READ,
                remembered=("order",),
                unverified=("whole_seconds", "grace", "failure"),
            ),
            RecursiveProfile(
                "nodelocal",
                Limits(5, 30, 5),
                failure=5,  # unverified
                order=SetOrder.FROZEN,  # its Corefile does without the plugin loadbalance
                source="NodeLocal DNSCache's configuration and CoreDNS's source code",
                sureness=Sureness.READ,
                unverified=("whole_seconds", "grace", "failure"),
            ),
            RecursiveProfile(
                "google-like",
                Limits(0, 21_600, 21_600),  # unverified
                ecs=(24, 56),
                fragments=16,  # unverified: their number is nowhere told
                source="Google Public DNS's own pages (ECS)",
                sureness=Sureness.DOCUMENTED,
                unverified=("limits", "whole_seconds", "prefetch", "failure", "order", "fragments"),
            ),
            RecursiveProfile(
                "cloudflare-like",
                source="1.1.1.1 sends no client subnets; the rest is Unbound's",
                sureness=Sureness.UNVERIFIED,
                remembered=("ecs",),
            ),
            RecursiveProfile(
                "windows-server",
                Limits(0, DAY, 900),
                source="Microsoft's pages on the DNS server (cap, negative cap)",
                sureness=Sureness.DOCUMENTED,
                unverified=("whole_seconds", "grace", "prefetch", "failure", "order"),
            ),
        )
    )
)
"""The resolvers we know, and before them neutral ones, with exact TTLs on a continuous clock."""

CLIENTS: Mapping[str, ClientProfile] = MappingProxyType(
    by_name(
        (
            ClientProfile("none"),
            ClientProfile("os-cache", lifetime=None),
            ClientProfile("fixed", lifetime=30),
            ClientProfile(
                "glibc",
                use=Use.RFC_6724,
                source="its source code; getaddrinfo of 2.36 with packets",
                sureness=Sureness.MEASURED,
                remembered=("patience",),
            ),
            ClientProfile(
                "musl",
                use=Use.RFC_6724_V6,
                source="its source code",
                sureness=Sureness.READ,
                remembered=("patience",),
            ),
            ClientProfile(
                "systemd-resolved",
                lifetime=None,
                cap=7_200,
                failure=30,
                use=Use.RFC_6724,
                source="its source code, commit 0183337",
                sureness=Sureness.READ,
                remembered=("patience",),
            ),
            ClientProfile(
                "macos",
                lifetime=None,
                cap=4_500,  # an hour, and a quarter on top
                source="mDNSResponder's source code (cap)",
                sureness=Sureness.READ,
                unverified=("use", "negative", "failure", "patience"),
            ),
            ClientProfile(
                "windows",
                lifetime=None,
                cap=DAY,
                negative=900,
                source="articles on the DNS client of Windows 10",
                sureness=Sureness.SECOND_HAND,
                unverified=("negative", "failure", "patience"),
            ),
            ClientProfile(
                "chrome",
                lifetime=60,
                happy_eyeballs=True,
                idle=300,  # unverified
                source="Chromium's source code, with the system's resolver",
                sureness=Sureness.READ,
                unverified=("negative", "failure", "idle"),
            ),
            ClientProfile(
                "chrome-builtin",
                lifetime=None,
                floor=60,
                happy_eyeballs=True,
                idle=300,  # unverified
                source="Chromium's source code, with its built-in resolver",
                sureness=Sureness.READ,
                unverified=("negative", "failure", "idle"),
            ),
            ClientProfile(
                "firefox",
                lifetime=60,
                grace=60,
                idle=115,  # unverified
                source="comments on its preferences, with the system's resolver",
                sureness=Sureness.READ,
                unverified=("negative", "failure", "idle", "patience"),
            ),
            ClientProfile(
                "jvm",
                lifetime=30,
                negative=10,
                failure=10,
                tries_next=False,
                source="OpenJDK 17.0.15 with packets",
                sureness=Sureness.MEASURED,
                remembered=("negative", "failure", "tries_next", "patience"),
            ),
            ClientProfile(
                "curl",
                lifetime=60,
                negative=30,
                failure=30,
                happy_eyeballs=True,
                idle=118,  # unverified
                source="libcurl's source code; failures since 8.16",
                sureness=Sureness.READ,
                remembered=("happy_eyeballs",),
                unverified=("idle",),
            ),
            ClientProfile(
                "go",
                use=Use.RFC_6724_V6,
                happy_eyeballs=True,
                idle=90,
                source="the source code of package net",
                sureness=Sureness.READ,
                remembered=("happy_eyeballs", "idle"),
            ),
            ClientProfile(
                "node",
                happy_eyeballs=True,
                idle=5,
                source="Node 20.20.2 with packets; its page on http.globalAgent (idle)",
                sureness=Sureness.MEASURED,
                remembered=("happy_eyeballs",),
            ),
            ClientProfile(
                "python",
                use=Use.RFC_6724,
                idle=math.inf,
                source="socket, and the pool of a requests Session",
                sureness=Sureness.REMEMBERED,
            ),
            ClientProfile(
                "nginx",
                lifetime=None,
                negative=10,
                failure=10,
                use=Use.RANDOM_START,
                shared=True,
                source="its source code: a variable in proxy_pass, with a resolver",
                sureness=Sureness.READ,
                unverified=("patience",),
            ),
            ClientProfile(
                "nginx-literal",
                lifetime=math.inf,
                use=Use.IN_TURN,
                shared=True,
                source="its source code: a name written out in proxy_pass",
                sureness=Sureness.READ,
                remembered=("use",),
                unverified=("patience",),
            ),
            ClientProfile(
                "envoy-strict",
                lifetime=5,
                polls=True,
                hold=math.inf,
                use=Use.IN_TURN,
                shared=True,
                source="its source code: STRICT_DNS",
                sureness=Sureness.READ,
                remembered=("hold", "use"),
                unverified=("patience",),
            ),
            ClientProfile(
                "envoy-logical",
                lifetime=5,
                polls=True,
                hold=math.inf,
                keeps=1,
                idle=math.inf,
                shared=True,
                source="LOGICAL_DNS; the interval from its source code",
                sureness=Sureness.REMEMBERED,
                unverified=("patience",),
            ),
            ClientProfile(
                "haproxy",
                lifetime=10,
                polls=True,
                hold=30,
                use=Use.IN_TURN,
                shared=True,
                source="its source code: a resolvers section, server-template",
                sureness=Sureness.READ,
                unverified=("idle", "patience"),
            ),
            ClientProfile(
                "grpc",
                lifetime=math.inf,
                asks_after_failure=30,
                hold=math.inf,
                idle=math.inf,
                source="grpc-go's source code: pick_first",
                sureness=Sureness.READ,
                remembered=("hold",),
                unverified=("patience",),
            ),
            ClientProfile(
                "cdn-pop",
                lifetime=None,
                keeps=1,
                shared=True,
                source="a model: an edge cache that keeps one address of its origin",
                sureness=Sureness.UNVERIFIED,
            ),
        )
    )
)
"""The clients we know, and before them neutral ones.

They remember nothing, obey the TTL, or keep all for one time; `fixed` is there to be slid.
"""


def recursive(profile: RecursiveProfile | str) -> RecursiveProfile:
    """A profile, or the row of `RECURSIVES` by its name. Raises LabError naming the nearest."""
    if isinstance(profile, RecursiveProfile):
        return profile
    return named(RECURSIVES, profile, "resolver profile")


def client(profile: ClientProfile | str) -> ClientProfile:
    """A profile, or the row of `CLIENTS` by its name. Raises LabError naming the nearest."""
    if isinstance(profile, ClientProfile):
        return profile
    return named(CLIENTS, profile, "client profile")
