"""Where the probes of a health check go, and what they ask there: only ever on loopback.

A check may name any endpoint, as Route 53's clients do. It is probed where the address table, which
the user sees and writes, maps it to loopback, or where it is a port on loopback that this process
has itself. Other programs' ports are not: who may make health checks could ask through them what no
web page and no other machine may, a string at a time. (Route 53 refuses local addresses.) No name
is ever looked up. Not here: sockets and time.

Source: the Route 53 API Reference, HealthCheckConfig. What it leaves open is marked [design].
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from string import punctuation
from urllib.parse import quote

from lab_engine.control.account import Check
from lab_engine.errors import LabError

Table = Mapping[str, tuple[str, int]]
"""From an address, a domain name, or either with `:port`, to a host on loopback and its port."""
PORTS = {"HTTP": 80, "HTTP_STR_MATCH": 80, "HTTPS": 443, "HTTPS_STR_MATCH": 443}
UNPROBED = {
    "CALCULATED": "It is calculated from other health checks.",
    "CLOUDWATCH_METRIC": "It follows a CloudWatch alarm, and the lab has none.",
    "RECOVERY_CONTROL": "It follows a routing control, and the lab has none.",
}


@dataclass(frozen=True)
class Target:
    """What one probe asks.

    Attributes:
        host, port: where, an address on loopback.
        path: what is requested; None where only a TCP connection is made.
        authority: the Host header.
        agent: the User-Agent header.
        tls: whether it is HTTPS.
        server_name: what TLS says it is looking for (SNI); nothing where it is empty.
        search: what the body must have; None where nothing is looked for.
    """

    host: str
    port: int
    path: str | None = None
    authority: str = ""
    agent: str = ""
    tls: bool = False
    server_name: str = ""
    search: bytes | None = None


def checked_table(table: Table) -> Table:
    """The table with its keys in one spelling. Raises LabError for what is not on loopback."""
    return {_spelling(key): _on_loopback(key, *place) for key, place in table.items()}


def mapping(text: str) -> tuple[str, tuple[str, int]]:
    """An entry of a table: `192.0.2.1=127.0.0.1:8081`. Raises LabError for what is none."""
    name, _, place = text.partition("=")
    host, _, port = place.rpartition(":")
    if not (name and host and port.isdecimal()):
        raise LabError(text, "maps nothing", "Write 192.0.2.1=127.0.0.1:8081.")
    return name, (host.strip("[]"), int(port))


def nobodys(host: str, port: int) -> bool:  # noqa: ARG001
    """This process has no port."""
    return False


def target_of(
    check: Check, table: Table, is_ours: Callable[[str, int], bool] = nobodys
) -> Target | str:
    """Where the probes of a check go, or why there are none, in a sentence.

    Args:
        check: of any type.
        table: from `checked_table`.
        is_ours: whether this process has a port of an address on loopback.
    """
    kind, config = check.check.type, check.config
    if kind in UNPROBED:
        return UNPROBED[kind]
    if check.check.disabled:
        return "It is disabled."
    domain = config.get("FullyQualifiedDomainName", "").rstrip(".")
    name = config.get("IPAddress") or domain
    port = config.get("Port") or PORTS.get(kind)
    if not name or not port:
        return "It names no endpoint and port."
    place = _place(name, port, table, is_ours)
    if isinstance(place, str):
        return place
    if kind == "TCP":
        return Target(*place)
    return Target(
        *place,
        path=_path(config.get("ResourcePath", "")),
        authority=_authority(domain or name, port, PORTS[kind]),
        agent=f"lab-engine-health-check (ref {_visible(check.check.id)})",
        tls=kind.startswith("HTTPS"),
        server_name=domain if config.get("EnableSNI") else "",
        search=config.get("SearchString", "").encode() if kind.endswith("STR_MATCH") else None,
    )


def _place(
    name: str, port: int, table: Table, is_ours: Callable[[str, int], bool]
) -> tuple[str, int] | str:
    """Where that is on loopback, or why it is not asked; the closer entry of the table wins."""
    key = _key(name)
    mapped = table.get(_joined(key, port)) or table.get(key)
    if mapped:
        return mapped
    host = _loopback(key)
    if not host:
        return f"{name} is not on loopback, and the address table does not map it there."
    if not is_ours(host, port):
        return f"Port {port} of {name} is not the lab's, and the address table does not have it."
    return host, port


def _path(path: str) -> str:
    """A path that can stand in a request line, whatever was given."""
    return _visible(path if path.startswith("/") else f"/{path}")


def _authority(name: str, port: int, usual: int) -> str:
    """The Host header; Route 53 leaves out the port where it is the usual one."""
    host = _visible(name)
    if port != usual:
        return _joined(host, port)
    return f"[{host}]" if ":" in host else host


def _visible(text: str) -> str:
    """The text with everything percent-encoded that must not stand in a header."""
    return quote(text, safe=punctuation)


def _on_loopback(key: str, host: str, port: int) -> tuple[str, int]:
    """A place that the table may name."""
    address = _loopback(_key(host))
    if not address:
        rule = f"cannot be mapped to {host}, which is not on loopback"
        raise LabError(key, rule, "Map it to 127.0.0.1 or ::1 and a port.")
    if not 1 <= port <= 65_535:
        raise LabError(key, f"cannot be mapped to port {port}", "Choose a port from 1 to 65535.")
    return address, port


def _loopback(name: str) -> str:
    """The address on loopback that a name in `_key`'s spelling stands for; else nothing.

    Route 53 asks endpoints that it knows by name over IPv4 only, and so does `localhost` here.
    """
    if name == "localhost":
        return "127.0.0.1"
    try:
        return name if ip_address(name).is_loopback else ""
    except ValueError:
        return ""


def _spelling(key: str) -> str:
    """A key of the table in one spelling: `WWW.example.:80` is `www.example:80`."""
    host, colon, port = key.rpartition(":")
    if colon and port.isdecimal() and (":" not in host or host.endswith("]")):
        return _joined(_key(host.strip("[]")), int(port))
    return _key(key)


def _key(name: str) -> str:
    """An address or a domain name in one spelling."""
    try:
        return str(ip_address(name.strip("[]")))
    except ValueError:
        return name.rstrip(".").lower()


def _joined(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
