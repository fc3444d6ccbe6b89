"""The decks that an instructor teaches from: what is on a slide, what is in the notes, and that it fits."""

import re

import nbformat
import pytest

import lesson_slides
import slides
from book import SmallBook
from term import lesson_names

SITE = slides.ROOT / "_build/html"
QUESTION = ("## Check yourself\n\n**1. One?**\n\n:::{dropdown} No.\n**No.** Not so.\n:::\n\n**2. Which of them?**\n\n"
            ":::{dropdown} The first.\n**No.** It is not.\n:::\n:::{dropdown} The second.\n**Right.** It is.\n:::\n")


def markdown(text, kind=None, **fields):
    cell = nbformat.v4.new_markdown_cell(text)
    if kind:
        cell.metadata = {"slideshow": {"slide_type": kind}, "slide": fields}
    return cell


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """A small book with a lesson whose cells are slides of every kind, its solutions closed."""
    book = SmallBook(tmp_path_factory.mktemp("book"))
    code = nbformat.v4.new_code_cell("print('printed', 6 * 7)", metadata={
        "slideshow": {"slide_type": "fragment"}})
    secret = nbformat.v4.new_code_cell("print('secretly', 1)", metadata={"slideshow": {"slide_type": "slide"}})
    book.lessons(uses=nbformat.writes(nbformat.v4.new_notebook(cells=[
        markdown("# Of slides\n\nWhat is one?\n\n- an outcome\n", "slide"),
        markdown("## A heading\n\nProse with a [link](alone.ipynb).\n\n$$a = b$$ (eq-one)\n\n$$c = d$$ (eq-two)\n",
                 "slide", title="A title with $x$", points=["a point of {eq}`eq-two`"], show=["eq-one"]),
        code, markdown("### Below\n\nMore prose.\n\n### And below\n\n- and a list", "notes"), markdown("Nowhere to be seen."),
        markdown(QUESTION, "slide", question=2),
        markdown("## Exercises\n\n:::{exercise} One\n:label: one\n\nHow?\n:::\n\n:::{solution-start} one\n:::"),
        secret, markdown(":::{solution-end}\n:::")], metadata={
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}})),
        alone=nbformat.writes(nbformat.v4.new_notebook(cells=[markdown("# Alone")], metadata={
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}})))
    term = (book.folder / "term.yml").read_text()
    book.write("term.yml", term.replace("all: always", "all: never"))
    succeeded, printed = book.build()
    assert succeeded, printed
    return book


@pytest.fixture(scope="module")
def sections(book):
    """The slides of that lesson, each as what is seen and what is said."""
    text = (lesson_slides.folder(book.folder / "_build/html") / "uses.html").read_text(encoding="utf8")
    found = re.findall(r"<section.*?</section>", text, re.DOTALL)
    return [(section + '<aside class="notes">').split('<aside class="notes">')[:2] for section in found]


def test_a_slide_has_what_is_to_be_seen_and_its_notes_have_the_prose(sections):
    first, second, _ = sections
    assert "<h1>Of slides</h1>" in first[0] and "What is one?" in first[0] and "an outcome" in first[0]
    assert "A title with" in second[0] and "a point of" in second[0] and "A heading" not in second[0]
    assert second[0].count('<div class="math') == 1, "a formula that is not asked for is on the slide"
    assert 'fragment"' in second[0] and "printed 42" in second[0]
    assert "Prose with a" in second[1] and "More prose." in second[1] and "and a list" in second[1]
    assert "<a " not in "".join(second), "a link to a page that is not there"


def test_a_question_to_the_class_keeps_its_answer_for_a_click(sections):
    seen, said = sections[2]
    assert "Which of them?" in seen and "One?" not in seen
    assert seen.index("The second.") < seen.index("fragment") < seen.index("B. ") < seen.index("It is.")
    assert "It is not." in said


def test_no_slide_has_a_solution_that_is_closed_or_a_cell_that_is_not_marked(sections):
    text = "".join(map("".join, sections))
    assert "secretly" not in text, "a closed solution is on a slide"
    assert len(sections) == 3 and "Nowhere to be seen" not in text and "How?" not in text


def test_a_page_is_the_same_with_slides_and_they_are_written_again_when_lost(book):
    page = book.page("lessons/uses")
    assert "a point of" not in page and "A title with" not in page and "slide-mark" not in page
    path = lesson_slides.folder(book.folder / "_build/html") / "uses.html"
    path.unlink()
    assert book.build()[0] and path.exists()


def test_a_solution_is_a_slide_for_those_who_may_see_it(book):
    assert book.build(COURSE_EDITION="instructor")[0]
    text = (lesson_slides.folder(book.folder / "_build/html") / "uses.html").read_text(encoding="utf8")
    assert text.count("<section") == 4 and "secretly 1" in text


def test_what_a_slide_may_say_is_checked():
    with pytest.raises(ValueError, match="cell x: a slide is one of .* not slide with titel"):
        lesson_slides.mark("slide", {"titel": "A"}, "x")
    with pytest.raises(ValueError, match="not subslide"):
        lesson_slides.mark("subslide", {}, "x")


@pytest.mark.parametrize("name", lesson_names())
def test_every_lesson_is_a_deck(name):
    cells = nbformat.read(slides.ROOT / f"lessons/{name}.ipynb", as_version=4).cells
    marked = [cell for cell in cells if cell.metadata.get("slideshow", {}).get("slide_type") == "slide"]
    assert marked[0] is cells[0] and 12 <= len(marked) <= 30, len(marked)
    assert any("question" in cell.metadata.get("slide", {}) for cell in marked), "no question to the class"
    assert "## Summary" in marked[-1].source
    assert any("claims.claim(" in cell.source for cell in marked), "no claims"


def test_classes_of_the_term_are_decks():
    from datetime import datetime
    term = {"classes": [{"date": datetime(2027, 1, 12), "lessons": ["a", "b"]}]}
    assert slides.decks(term, {"a": "A", "b": "B"}) == [("class-1", "Class 1, 12 January 2027", ["a", "b"])]
    assert slides.decks({"classes": []}, {"a": "A"}) == [("a", "A", ["a"])]


@pytest.fixture(scope="module")
def decks(browser, tmp_path_factory):
    target = tmp_path_factory.mktemp("slides")
    slides.write_decks(SITE, target)
    return target


@pytest.mark.parametrize("name", lesson_names())
def test_slides_fit_and_show_figures_of_this_build_with_words(decks, open_page, name):
    page = open_page(decks / f"{name}.html")
    page.set_viewport_size({"width": slides.WIDTH, "height": slides.HEIGHT})
    assert not slides.faults(page)
    assert not page.troubles, page.troubles
    text = page.evaluate("document.querySelector('.slides').textContent")
    assert not re.search(r"\$\$|\{(term|cite|eq|numref|method)|:::|\]\(", text), "a mark of MyST on a slide"
    figures = page.locator(".picture")
    assert figures.count() >= 4
    for number in range(figures.count()):
        figure = figures.nth(number).locator("[role=img], img").first
        words = figure.get_attribute("aria-label") or figure.get_attribute("alt")
        assert words and len(words) > 40, f"figure {number + 1} says {words!r}"


def test_a_slide_that_holds_too_much_is_named(decks, open_page):
    path = decks / "too-much.html"
    path.write_text((decks / "dropout.html").read_text(encoding="utf8").replace(
        "<h2>", '<div style="min-height: 900px">Much</div><h2>', 1), encoding="utf8")
    page = open_page(path)
    page.set_viewport_size({"width": slides.WIDTH, "height": slides.HEIGHT})
    fault, *others = slides.faults(page)
    assert not others and re.match(r"slide 2, '.+': 0 pixels too wide, \d+ too high", fault), fault


def test_the_speaker_sees_the_notes(decks, open_page):
    page = open_page(decks / "dropout.html")
    page.wait_for_function("Reveal.isReady()")
    page.evaluate("Reveal.slide(1)")
    with page.expect_popup() as popup:
        page.keyboard.press("s")
    popup.value.get_by_text("Units that have only ever worked together").wait_for(timeout=10_000)
    assert not page.troubles
