"""The lessons as slides: by keyboard from the first to the last, with nothing from elsewhere."""

import pytest

from tests.witnesses.programs import find
from tools.launch import LESSONS
from tools.slides import main

pytestmark = [pytest.mark.browser, pytest.mark.long]

NAMES = [path.stem for path in sorted(LESSONS.glob("0*.ipynb"))]
# What of the slide that is shown can neither be seen nor be scrolled to.
CUT = """
() => {
  const slide = Reveal.getCurrentSlide(), box = slide.getBoundingClientRect();
  return [...slide.querySelectorAll("p, pre, svg, img, table")]
    .filter((each) => !each.closest("details:not([open])"))
    .map((each) => each.getBoundingClientRect())
    .filter((each) => each.width && (each.left < -1 || each.right > innerWidth + 1)).length;
}
"""


@pytest.fixture(scope="module")
def slides(tmp_path_factory):
    """Their folder."""
    find("npm")
    out = tmp_path_factory.mktemp("slides")
    main([str(out)])
    return out


@pytest.mark.parametrize("name", NAMES)
def test_every_slide_is_reached_by_keyboard(slides, chromium, name):
    """At 1280 by 720; nothing leaves the folder, and nothing sticks out."""
    page = chromium.new_page(viewport={"width": 1280, "height": 720})
    strangers, errors = [], []
    page.on("request", lambda it: it.url.startswith(("file:", "data:")) or strangers.append(it.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((slides / f"{name}.slides.html").as_uri())
    page.wait_for_function("window.Reveal && Reveal.isReady()")

    seen, cut = 1, page.evaluate(CUT)
    while not page.evaluate("Reveal.isLastSlide() && !Reveal.availableFragments().next"):
        page.keyboard.press("Space")
        seen += 1
        cut += page.evaluate(CUT)
        assert seen < 500

    assert page.evaluate("Reveal.getProgress()") == 1
    assert (cut, strangers, errors) == (0, [], [])
    page.close()
