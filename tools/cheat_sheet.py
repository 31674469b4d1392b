"""Writes the cheat sheet: one printable page, lessons/cheat_sheet.html.

`python -m tools.cheat_sheet` after its text (cheat_sheet.md) or the engine has changed. No figure
stands in the text: each is a name there, and here the call that computes it or the constant that
the engine itself obeys. `tests/test_cheat_sheet.py` holds the page to both.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import mistune

from lab_engine.authority import endpoints, forms, health, policies, rules, zone
from lab_engine.caches.crowds import zipf_shares
from lab_engine.control import account, limits, reading
from lab_engine.simulation import failing, theory
from lab_engine.simulation.theory.failover import Failover
from lab_engine.simulation.theory.migration import staircase_fills
from lab_engine.wire import probing

HERE: Final = Path(__file__).parent
SHEET: Final = HERE.parent / "lessons" / "cheat_sheet.html"
HOUR: Final = 3600
CACHES: Final = zipf_shares(100, 1)
CHECK: Final = Failover(30, 3, ttl=60)
LADDER: Final = [(0, HOUR), (3 * HOUR, 300), (4 * HOUR - 300, 60)]


def _percent(part: float) -> str:
    return f"{100 * part:.0f} %"


def _range(policy: type[policies.Policy], element: str) -> str:
    low, high = policy.__dataclass_fields__[element].metadata["range"]
    return f"{low} to {high}".replace("-", "\N{MINUS SIGN}")


def _threshold() -> str:
    form = forms.structure("HealthCheckConfig").fields["FailureThreshold"]
    assert isinstance(form, forms.Number)
    return f"{form.low} to {form.high}"


FIGURES: Final[dict[str, Callable[[], str]]] = {
    "hit_ratio": lambda: _percent(theory.hit_ratio(1, 1)),
    "fill_gap": lambda: f"{1 / theory.upstream_rate(1, 60):.0f}",
    "stale": lambda: _percent(theory.stale_fraction(5, 20)),
    "stale_twice": lambda: f"{100 * theory.two_level_stale_fraction(30, 20, 20):.1f} %",
    "one_step": lambda: f"{staircase_fills(4 * HOUR, [(0, 60)], 4 * HOUR):.1f}",
    "ladder": lambda: f"{staircase_fills(4 * HOUR, LADDER, 4 * HOUR):.1f}",
    "effective": lambda: f"{theory.effective_count(CACHES):.1f}",
    "imbalance": lambda: f"{theory.expected_imbalance(3, 1000):.2f}",
    "floor": lambda: f"{theory.imbalance_floor(4, [0.5, 0.3, 0.2]):.0f}",
    "canary": lambda: f"{100 * theory.canary_error(0.05, CACHES, ttl=60, watched=600):.1f}",
    "checkers": lambda: str(CHECK.checkers),
    "outage_mean": lambda: f"{CHECK.outage.mean:.0f}",
    "outage_p99": lambda: f"{CHECK.outage.quantile(0.99):.0f}",
    "outage_most": lambda: f"{CHECK.outage.quantile(1):.0f}",
    "recovery_mean": lambda: f"{CHECK.recovery.mean:.0f}",
    "pause_one": lambda: _percent(Failover(10, 1, timeout=2).tripped_by(12)),
    "pause_two": lambda: _percent(Failover(10, 2, timeout=2).tripped_by(12)),
    "queue": lambda: f"{theory.single_queue_response(0.8):.0f}",
    "queue_95": lambda: f"{theory.single_queue_response(0.95):.0f}",
    "interval": lambda: f"{CHECK.interval:.0f}",
    "threshold": lambda: str(CHECK.threshold),
    "most_threshold": _threshold,
    "percent": lambda: str(health.MORE_THAN_PERCENT),
    "connect": lambda: f"{failing.CONNECT[0]:.0f}",
    "response": lambda: f"{failing.RESPONSE:.0f}",
    "searched": lambda: f"{probing.SEARCHED:,}",
    "tcp": lambda: f"{failing.CONNECT[1]:.0f}",
    "alias_ttl": lambda: str(endpoints.ENDPOINT_TTL),
    "negative": lambda: str(zone.SOA_TTL),
    "ns_ttl": lambda: f"{zone.NS_TTL:,}",
    "weight": lambda: _range(policies.Weighted, "Weight"),
    "members": lambda: str(policies.Weighted.limit),
    "bias": lambda: _range(policies.Geoproximity, "Bias"),
    "geoproximity": lambda: str(policies.Geoproximity.limit),
    "multivalue": lambda: str(policies.Multivalue.sample),
    "blocks": lambda: f"{limits.MAX_BLOCKS:,}",
    "values": lambda: str(rules.MAX_VALUES),
    "batch": lambda: f"{reading.MAX_RECORDS:,}",
    "characters": lambda: f"{reading.MAX_CHARACTERS:,}",
    "record_sets": lambda: f"{account.MAX_RECORD_SETS:,}",
    "zones": lambda: str(limits.MAX_HOSTED_ZONES),
    "checks": lambda: str(limits.MAX_HEALTH_CHECKS),
}

STYLE: Final = """
:root { color-scheme: light dark; }
body { font: 13px/1.35 system-ui, sans-serif; margin: 1rem auto; max-width: 60rem;
  padding: 0 1rem; }
h1 { font-size: 1.5em; margin: 0 0 .3em; }
h2 { font-size: 1.1em; margin: .9em 0 .2em; }
p { margin: .2em 0; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid color-mix(in srgb, currentColor 30%, transparent);
  padding: .15em .5em .15em 0; text-align: left; vertical-align: top; }
th { font-weight: 600; }
code { font-family: ui-monospace, monospace; white-space: nowrap; }
.table { overflow-x: auto; }
@page { size: A4; margin: 10mm; }
@media print {
  :root { color-scheme: light; }
  body { font-size: 7.4pt; line-height: 1.2; margin: 0; max-width: none; padding: 0; }
  h2 { margin-top: .6em; }
  td, th { padding-bottom: .05em; padding-top: .05em; }
}
"""


def page() -> str:
    """The whole page, by itself: no script, no style from elsewhere."""
    text = (HERE / "cheat_sheet.md").read_text(encoding="utf-8")
    told = text.format_map({name: figure() for name, figure in FIGURES.items()})
    body = str(mistune.create_markdown(escape=False, plugins=["table"])(told))
    title = text.partition("\n")[0].removeprefix("# ")
    # A wide table scrolls by itself on a narrow screen, and by keyboard.
    body = body.replace("<table>", '<div class="table" tabindex="0"><table>')
    body = body.replace("</table>", "</table></div>")
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width">\n<title>{title}</title>\n'
        f"<style>{STYLE}</style>\n</head>\n<body>\n<main>\n{body}</main>\n</body>\n</html>\n"
    )


def main() -> None:
    """Write the page."""
    SHEET.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
