"""Launch links: one address of the repository, in each lesson's opening."""

from pathlib import Path

import nbformat
import pytest

from tools.launch import LESSONS, PLACEHOLDER, launched, lessons, link, slug


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
