"""The glossary: its page, and the links of the lessons, are made of one file."""

import re

import nbformat
import pytest

from tools.glossary import LESSONS, PAGE, Term, lessons, linked, page, plain, terms, to_lessons

TTL = Term("TTL", "Time to live.", "RFC 9499")
ZONE = Term("zone", "All names below one.", "RFC 9499", ("zone of authority",))
AT_TTL = '(glossary.ipynb#TTL "Time to live.")'


def texts(path):
    cells = nbformat.read(path, as_version=4).cells
    return [cell.source for cell in cells if cell.cell_type == "markdown"]


def test_the_page_is_made_of_the_file():
    told = nbformat.read(LESSONS / PAGE, as_version=4)

    assert told.cells == page(terms()).cells


@pytest.mark.slow
@pytest.mark.parametrize("path", list(lessons()), ids=lambda path: path.stem)
def test_the_first_use_of_each_word_leads_to_it(path):
    """`python -m tools.glossary` mends a lesson in which a word was moved, or has another line."""
    assert texts(path) == linked(texts(path), terms(), to_lessons(path))


@pytest.mark.parametrize("term", terms(), ids=lambda term: term.name)
def test_each_word_has_one_plain_line(term):
    """It stands in a title, and is read as a sentence."""
    assert not set('"<>[]`\n') & set(term.says)
    assert term.says.endswith(".")
    assert len(term.says) <= 160
    assert term.source


def test_no_spelling_belongs_to_two_words():
    every = [each.lower() for term in terms() for each in (term.name, *term.also)]

    assert len(every) == len(set(every))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("A TTL, and a TTL.", f"A [TTL]{AT_TTL}, and a TTL."),
        ("# TTL\n\nThe **TTL** counts.", f"# TTL\n\nThe **[TTL]{AT_TTL}** counts."),
        ("`TTL` and `x TTL`: TTL", f"`TTL` and `x TTL`: [TTL]{AT_TTL}"),
        ("| TTL | x |\n\n[a TTL](x.md) TTL-like ttl", None),
        ("TTLs and xTTL and zone.ttl", None),
    ],
)
def test_a_word_is_linked_once_where_it_stands_in_prose(text, told):
    assert linked([text], [TTL]) == [told or text]


def test_a_word_may_begin_a_sentence_and_have_other_spellings():
    (told,) = linked(["Zone of authority: a zone."], [ZONE])

    assert told.startswith("[Zone of authority](glossary.ipynb#zone ")
    assert told.endswith(": a zone.")


def test_an_availability_zone_is_no_zone_of_names():
    """The longer word is linked as its own, and the shorter one not within it."""
    every = {term.name: term for term in terms()}
    told = linked(["An Availability Zone."], [every["Availability Zone"], every["zone"]])

    assert told[0].startswith("An [Availability Zone](glossary.ipynb#Availability-Zone ")
    assert "#zone" not in told[0]


@pytest.mark.slow
def test_no_link_to_a_zone_of_names_stands_in_an_availability_zone():
    wrong = re.compile(r"Availability \[Zone")

    assert [path.stem for path in lessons() if wrong.search(" ".join(texts(path)))] == []


def test_links_are_made_anew_and_can_be_taken_away():
    first = linked(["Nothing.", "A TTL."], [TTL], "../")

    assert "(../glossary.ipynb#TTL" in first[1]
    assert linked(["The TTL.", first[1]], [TTL], "../")[1] == "A TTL."
    assert plain(first[1]) == "A TTL."
