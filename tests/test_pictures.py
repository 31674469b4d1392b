"""The static pictures show what the lessons' panels show today."""

import pytest

from tools import pictures

LESSONS = sorted(pictures.LESSONS.glob("*.ipynb"))


PICTURED = [path for path in LESSONS if pictures.PICTURE.search(path.read_text())]


@pytest.mark.long  # nbval notices most of what would change them
@pytest.mark.parametrize("path", PICTURED, ids=lambda path: path.stem)
def test_the_figure_behind_a_picture_has_not_changed(path):
    stored = pictures.stored_digests()
    today = {name: pictures.digest(panel.figure) for name, panel in pictures.panels(path)}

    assert today == {name: stored.get(name) for name in today}, "run: make pictures"


def test_every_picture_has_its_panel():
    named = {name for path in LESSONS for name in pictures.PICTURE.findall(path.read_text())}

    assert named == {path.name for path in pictures.PICTURES.glob("*.svg")}
    assert named == set(pictures.stored_digests())


def test_a_changed_figure_is_noticed():
    from lab_engine.views.theme import new_figure

    assert pictures.digest(new_figure(title="a")) != pictures.digest(new_figure(title="b"))


def test_a_picture_changes_its_colours_on_a_dark_page():
    light = '<svg a="b"><rect style="fill: rgb(255, 255, 255); fill-opacity: 1;"/></svg>'
    dark = pictures.dark_too(light)

    assert dark.startswith('<svg a="b"><style>@media (prefers-color-scheme:dark){')
    assert '[style*="fill: rgb(255, 255, 255)"]{fill:#1c1c1c!important}' in dark
    assert dark.endswith(light.partition(">")[2])
