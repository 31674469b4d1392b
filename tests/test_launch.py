"""Launch links: one address of the repository, in each lesson's opening, README.md and hub/."""

import re
from pathlib import Path

import nbformat
import pytest

from tools import launch
from tools.launch import (
    HUBS,
    LESSONS,
    PLACEHOLDER,
    README,
    START,
    headed,
    launched,
    lessons,
    link,
    pointed,
    slug,
)


@pytest.mark.parametrize("path", lessons(), ids=lambda path: path.stem)
def test_each_lesson_can_be_launched(path: Path) -> None:
    """Its opening has the link to its own copy, made of the address in pyproject.toml."""
    opening = nbformat.read(path, as_version=4).cells[0].source

    assert opening.count("**Launch:**") == 1
    assert f"**Launch:** {link(path, slug())}" in opening


def test_an_address_changes_the_link_and_nothing_else() -> None:
    """Written twice, or for another repository: one link, and the text around it stays."""
    path = LESSONS / "extra" / "getaddrinfo.ipynb"
    text = "# Aside\n\n**Time:** 10 minutes. **Before:** [01](01.ipynb).\n\nMore."
    first = launched(text, path, PLACEHOLDER)
    second = launched(first, path, "ann/dns-lab")

    assert second == launched(text, path, "ann/dns-lab")
    assert second.endswith(
        "[01](01.ipynb). **Launch:** [Binder](https://mybinder.org/v2/gh/ann/dns-lab/HEAD"
        "?urlpath=lab/tree/my/extra/getaddrinfo.ipynb)\n\nMore."
    )


def test_a_placeholder_is_seen_to_be_one() -> None:
    """Who reads the lesson sees that the link leads nowhere yet."""
    assert PLACEHOLDER in link(LESSONS / "00_start_here.ipynb", PLACEHOLDER).split("](")[0]


def test_the_readme_can_be_launched_at_its_head():
    """The first lesson, by one link, before anything is to be installed."""
    head = README.read_text().partition("\n## ")[0]

    assert head.count("mybinder.org") == 1
    assert link(START, slug()) in head


@pytest.mark.parametrize("path", HUBS, ids=lambda path: path.name)
def test_hubs_pull_from_that_address(path):
    """Wherever a file of hub/ names a repository on GitHub, as it is or within another address."""
    text = path.read_text()

    assert f"https://github.com/{slug()}" in text
    assert pointed(text, slug()) == text
    assert slug() == PLACEHOLDER or PLACEHOLDER not in text


def test_another_address_reaches_readme_and_hubs_and_nothing_else():
    """A fork's, with a dot and a dash in its name; and from there back to what stood there."""
    for path, written in ((README, headed), *((path, pointed) for path in HUBS)):
        text = path.read_text()
        theirs = written(text, "ann-b/dns.lab")

        assert "ann-b" in theirs
        assert written(theirs, slug()) == text
        pairs = zip(text.splitlines(), theirs.splitlines(), strict=True)
        changed = [one for one, other in pairs if one != other]
        assert all(re.search(r"github\.com|mybinder\.org", line) for line in changed)
    theirs = pointed(HUBS[0].read_text(), "ann-b/dns.lab")
    assert "https%3A%2F%2Fgithub.com%2Fann-b%2Fdns.lab&branch" in theirs


def test_the_command_writes_what_was_found_stale(tmp_path, monkeypatch):
    """README.md and hub/ as the lessons; a file that says so already is left alone."""
    stale = {path: tmp_path / f"{number}{path.name}" for number, path in enumerate((README, *HUBS))}
    for path, copy in stale.items():
        copy.write_text((headed if path == README else pointed)(path.read_text(), "ann/dns-lab"))
    monkeypatch.setattr(launch, "README", stale[README])
    monkeypatch.setattr(launch, "HUBS", tuple(stale[path] for path in HUBS))
    monkeypatch.setattr(launch, "lessons", list)

    assert launch.main() == 0
    assert [copy.read_text() for copy in stale.values()] == [path.read_text() for path in stale]
