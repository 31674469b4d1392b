"""How each authority is configured to serve a zone. Returns its arguments.

`text` is a master file for `origin`; policies come in each program's own way.
"""


def named(folder, port, text, origin="shop.example", *, transfer="any"):
    (folder / "zone").write_text(text)
    (folder / "named.conf").write_text(f"""
options {{
    directory "{folder}"; pid-file none; session-keyfile none;
    listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
    recursion no; empty-zones-enable no; minimal-any yes;
    allow-transfer {{ {transfer}; }};
}};
controls {{ }};
zone "{origin}" {{ type primary; file "zone"; check-names ignore; }};
""")
    return ["-g", "-n", "1", "-c", str(folder / "named.conf")]


def knotd(folder, port, text, origin="shop.example", *, mode="", choices=""):
    """`choices` is a file of mod-geoip in this `mode`: names, and whom to answer what."""
    (folder / "zone").write_text(text)
    (folder / "choices").write_text(choices)
    module = f"""
mod-geoip:
  - id: choices
    config-file: {folder}/choices
    ttl: 60
    mode: {mode}
"""
    (folder / "knot.conf").write_text(f"""
server:
    rundir: "{folder}"
    listen: 127.0.0.1@{port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
    edns-client-subnet: on
database:
    storage: "{folder}"
log:
  - target: stderr
    any: info
{module if mode else ""}
zone:
  - domain: {origin}
    file: "{folder}/zone"
    zonefile-load: whole
    journal-content: none
    {"module: mod-geoip/choices" if mode else ""}
""")
    return ["-c", str(folder / "knot.conf")]


def pdns_server(folder, port, text=None, origin="shop.example", *, settings="", geoip=None):
    """With `text` its bind backend serves a zone; with `geoip`, a YAML file, its geoip backend."""
    (folder / "zone").write_text(text or "")
    (folder / "geoip.yaml").write_text(geoip or "")
    (folder / "zones.conf").write_text(
        f'zone "{origin}" {{ type master; file "{folder}/zone"; }};\n'
    )
    backend = f"launch=bind\nbind-config={folder}/zones.conf"
    if geoip:
        backend = f"launch=geoip\ngeoip-zones-file={folder}/geoip.yaml"
    (folder / "pdns.conf").write_text(f"""
{backend}
local-address=127.0.0.1
local-port={port}
socket-dir={folder}
daemon=no
guardian=no
write-pid=no
disable-syslog=yes
security-poll-suffix=
version-string=anonymous
receiver-threads=1
distributor-threads=1
{settings}
""")
    return [f"--config-dir={folder}"]


def gdnsd(folder, port, text, origin="shop.example", *, plugins="", states=""):
    """`plugins` decide for DYNA records; `states` forces health: address/up => DOWN."""
    for name in ("run", "state", "zones"):
        (folder / name).mkdir()
    (folder / "zones" / origin).write_text(text)
    (folder / "state" / "admin_state").write_text(states)
    (folder / "config").write_text(f"""
options => {{
    listen => "127.0.0.1:{port}"
    run_dir => "{folder}/run"
    state_dir => "{folder}/state"
    udp_threads => 1
    tcp_threads => 1
}}
plugins => {{
{plugins}
}}
""")
    return ["-c", str(folder), "start"]
