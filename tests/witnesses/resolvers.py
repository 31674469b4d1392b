"""How each resolver is configured to ask one upstream about one zone. Returns its arguments."""


def named(folder, port, upstream, zone):
    (folder / "named.conf").write_text(f"""
options {{
    directory "{folder}"; pid-file none; session-keyfile none;
    listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
    recursion yes; allow-query {{ 127.0.0.1; }}; dnssec-validation no; empty-zones-enable no;
}};
controls {{ }};
zone "." {{ type hint; file "/dev/null"; }};
zone "{zone}" {{ type forward; forward only; forwarders {{ 127.0.0.1 port {upstream.port}; }}; }};
""")
    return ["-g", "-n", "1", "-c", str(folder / "named.conf")]


def unbound(folder, port, upstream, zone, *, subnets=False, prefetch=False):
    """`subnets` makes it send the client's network upstream, and keep answers by their scope.

    `prefetch` makes it renew what is asked for in the last tenth of its TTL.

    Its usual receive buffer holds 160 questions, as many as come in a third of a second.
    """
    module = "subnetcache iterator" if subnets else "iterator"
    sends = "send-client-subnet: 127.0.0.1\n    max-client-subnet-ipv4: 24" if subnets else ""
    (folder / "unbound.conf").write_text(f"""
server:
    interface: 127.0.0.1@{port}
    directory: "{folder}"
    chroot: ""
    username: ""
    pidfile: "{folder}/pid"
    use-syslog: no
    do-daemonize: no
    do-not-query-localhost: no
    do-ip6: no
    module-config: "{module}"
    {sends}
    prefetch: {"yes" if prefetch else "no"}
    num-threads: 1
    so-rcvbuf: 4m
    local-zone: "invalid." static
forward-zone:
    name: "{zone}"
    forward-addr: 127.0.0.1@{upstream.port}
remote-control:
    control-enable: no
""")
    return ["-d", "-p", "-c", str(folder / "unbound.conf")]


def pdns_recursor(folder, port, upstream, zone, *, settings=""):
    (folder / "hints").write_text(". 3600 NS a.invalid.\na.invalid. 3600 A 127.0.0.1\n")
    (folder / "recursor.conf").write_text(f"""
local-address=127.0.0.1
local-port={port}
socket-dir={folder}
forward-zones={zone}=127.0.0.1:{upstream.port}
hint-file={folder}/hints
dnssec=off
daemon=no
write-pid=no
threads=1
disable-syslog=yes
security-poll-suffix=
{settings}
""")
    return [f"--config-dir={folder}"]
