"""HAProxy's configuration for a balancer of a scenario (HAProxy 2.4 and later)."""

from collections.abc import Mapping

from lab_engine.errors import LabError
from lab_engine.live.settings import HEALTH
from lab_engine.live.webservers import WELL
from lab_engine.simulation.balancer import Algorithm, Balancer, OsiLayer, Stickiness

BALANCE = {
    Algorithm.ROUND_ROBIN: "roundrobin",
    Algorithm.LEAST_CONNECTIONS: "leastconn",
    Algorithm.TWO_CHOICES: "random(2)",
    Algorithm.RANDOM: "random(1)",
}
COOKIE = "LAB"
ASKS = f"    option httpchk GET {HEALTH}"
CHECKS = {
    "TCP": (),
    "HTTP": (ASKS,),
    "HTTP_STR_MATCH": (ASKS, f'    http-check expect string "{WELL}"'),
}


def configuration(
    balancer: Balancer,
    table: Mapping[str, tuple[str, int]],
    port: int,
    admin: str = "",
) -> str:
    """The text of its file.

    Args:
        balancer: whom it is to choose.
        table: from addresses to where they listen on loopback.
        port: of 127.0.0.1, where clients come.
        admin: path of the socket over which it is told to drain a target; empty for none.

    Raises:
        LabError: a weight that HAProxy cannot have.
    """
    mode = "http" if balancer.layer is OsiLayer.L7 else "tcp"
    keep = _ms(max(balancer.keep_alive, 0.001))
    groups = sorted(balancer.paths, key=lambda each: -len(each[0]))
    rules = [
        f"    use_backend path{number} if {{ path_beg {_quoted(path)} }}"
        for number, (path, _) in enumerate(groups)
    ]
    admitted = [f"    stats socket {admin} mode 600 level admin"] if admin else []
    lines = [
        "global",
        "    nbthread 1",  # so that turns are taken one after the other
        *admitted,
        "defaults",
        f"    mode {mode}",
        f"    timeout connect {_ms(balancer.connect_timeout)}",
        f"    timeout client {keep}",
        f"    timeout server {_ms(balancer.timeout)}",
        *([f"    timeout http-keep-alive {keep}"] if mode == "http" else []),
        *(["    option httpclose"] if mode == "http" and not balancer.keep_alive else []),
        f"    retries {balancer.retries}",
        *(["    option redispatch 1"] if balancer.retries else []),
        "frontend lab",
        f"    bind 127.0.0.1:{port}",
        *rules,
        "    default_backend all",
        *_backend("all", balancer, table, tuple(table)),
    ]
    for number, (_, addresses) in enumerate(groups):
        lines += _backend(f"path{number}", balancer, table, addresses)
    return "\n".join([*lines, ""])


def _backend(
    name: str, balancer: Balancer, table: Mapping[str, tuple[str, int]], addresses: tuple[str, ...]
) -> list[str]:
    """A section: the targets that share something."""
    balance = BALANCE[balancer.algorithm]
    if balancer.sticky is Stickiness.ADDRESS:
        balance = "source\n    hash-type consistent"
    cookie = balancer.sticky is Stickiness.COOKIE
    lines = [f"backend {name}", f"    balance {balance}"]
    if cookie:
        lines.append(f"    cookie {COOKIE} insert indirect nocache")
    if balancer.interval:
        every = f"inter {_ms(balancer.interval)} fall {balancer.fall} rise {balancer.rise}"
        lines += [*CHECKS[balancer.check], f"    default-server check {every}"]
    for address in addresses:
        host, port = table[address]
        own = f" cookie {address}" if cookie else ""
        lines.append(f"    server {address} {host}:{port} weight {weight(balancer, address)}{own}")
    return lines


def weight(balancer: Balancer, address: str) -> int:
    """The weight of a target, which real balancers want whole."""
    given = balancer.weight(address)
    if given % 1 or not 1 <= given <= 256:
        rule, remedy = "is no whole number from 1 to 256", "Multiply all weights by one number."
        raise LabError(f"balancer.weights {address} {given:g}", rule, remedy)
    return int(given)


def _ms(seconds: float) -> str:
    return f"{max(1, round(seconds * 1000))}ms"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
