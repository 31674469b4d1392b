"""nginx's configuration for a balancer of a scenario: the open source one (1.20 and later).

It balances requests, with the smooth weighted turn that `simulation.balancing` has, too. What it
has not is refused: cookies that stick, and checks of its own accord. It hears of a dead target from
requests alone; here it is told to forget that at once, so that none is left out for it. With
retries it tries another target also where one takes a request and does not answer in time.
"""

from collections.abc import Mapping
from pathlib import Path

from lab_engine.errors import LabError
from lab_engine.live.haproxy import weight
from lab_engine.simulation.balancer import Algorithm, Balancer, OsiLayer, Stickiness

CHOOSING = {
    Algorithm.ROUND_ROBIN: "",
    Algorithm.LEAST_CONNECTIONS: "least_conn;",
    Algorithm.TWO_CHOICES: "random two least_conn;",
    Algorithm.RANDOM: "random;",
}
KINDS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def configuration(
    balancer: Balancer,
    table: Mapping[str, tuple[str, int]],
    port: int,
    folder: Path,
) -> str:
    """The text of its file; `folder` is for what it writes, the others as for HAProxy.

    Raises:
        LabError: something that it cannot do.
    """
    _check(balancer)
    groups = [("/", tuple(table)), *balancer.paths]
    upstreams = [
        line
        for number, (_, each) in enumerate(groups)
        for line in _upstream(number, each, balancer, table)
    ]
    locations = [
        f'    location "{path}" {{ proxy_pass http://group{number}; }}'
        for number, (path, _) in enumerate(groups)
        if number or "/" not in dict(balancer.paths)
    ]
    again = "error timeout" if balancer.retries else "off"
    lines = [
        "daemon off;",
        "master_process off;",
        "worker_processes 1;",
        f"pid {folder}/pid;",
        f"error_log {folder}/log;",
        "events { worker_connections 512; }",
        "http {",
        "  access_log off;",
        *(f"  {kind}_temp_path {folder}/{kind};" for kind in KINDS),
        *upstreams,
        "  server {",
        f"    listen 127.0.0.1:{port};",
        f"    keepalive_timeout {round(balancer.keep_alive)};",
        f"    proxy_connect_timeout {_ms(balancer.connect_timeout)};",
        f"    proxy_read_timeout {_ms(balancer.timeout)};",
        f"    proxy_next_upstream {again};",
        f"    proxy_next_upstream_tries {balancer.retries + 1};",
        *locations,
        "  }",
        "}",
        "",
    ]
    return "\n".join(lines)


def _upstream(
    number: int,
    addresses: tuple[str, ...],
    balancer: Balancer,
    table: Mapping[str, tuple[str, int]],
) -> list[str]:
    choosing = CHOOSING[balancer.algorithm]
    if balancer.sticky is Stickiness.ADDRESS:
        choosing = "hash $remote_addr consistent;"
    servers = [
        f"    server {table[each][0]}:{table[each][1]} weight={weight(balancer, each)} max_fails=0"
        f"{' down' if each in balancer.draining else ''};"
        for each in addresses
    ]
    return [f"  upstream group{number} {{", f"    {choosing}", *servers, "  }"]


def _ms(seconds: float) -> str:
    return f"{max(1, round(seconds * 1000))}ms"


def _check(balancer: Balancer) -> None:
    """Refuse what the open source nginx has not."""
    rules = (
        (balancer.layer is OsiLayer.L4, "layer", "L4", "Take HAProxy, or L7."),
        (balancer.interval, "interval", balancer.interval, "Take HAProxy, or the interval 0."),
        (balancer.sticky is Stickiness.COOKIE, "sticky", "cookie", "Take HAProxy, or address."),
    )
    for lacking, name, value, remedy in rules:
        if lacking:
            raise LabError(f"balancer.{name} {value}", "is not in the lab's nginx", remedy)
