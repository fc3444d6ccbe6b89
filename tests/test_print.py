"""What a reader takes to paper, from a dark page: all that it says, black on white, whole."""

import io
import re

import pytest
from pypdf import PdfReader

LESSON = "lessons/dropout.html"
PAGES = [LESSON, "results.html", "index.html"]
SHEET = {"width": 673, "height": 976}   # A4 without its margins, in CSS pixels


@pytest.fixture(scope="module")
def sheets():
    return {}


@pytest.fixture
def print_page(open_page, sheets):
    """A function that prints a page, once, and returns the text of each sheet."""
    def print_page(name, **options):
        key = name, *options.items()
        if key not in sheets:
            page = open_page(name, mode="dark", **options)
            sheets[key] = [sheet.extract_text() for sheet in
                           PdfReader(io.BytesIO(page.pdf(format="A4", prefer_css_page_size=True))).pages]
        return sheets[key]
    return print_page


@pytest.fixture
def open_sheet(open_page):
    """A function that opens a page as it is laid out on paper."""
    def open_sheet(name):
        page = open_page(name, width=SHEET["width"], mode="dark")
        page.emulate_media(media="print")
        return page
    return open_sheet


def spaced(text):
    return re.sub(r"\s+", " ", text)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_solutions_and_reasons_are_printed(print_page, scripts):
    text = spaced(" ".join(print_page(LESSON, java_script_enabled=scripts)))
    for words in ["A fifth of them is set to zero.", "No. That happens in training only.",
                  "def drop_by_hand", "standard deviation / mean 0.816"]:
        assert words in text, f"not on paper: {words}"


@pytest.mark.parametrize("name", PAGES)
def test_sheets_say_where_they_are_from_and_when(open_page, print_page, name):
    canonical = open_page(name).locator("link[rel=canonical]")
    title = open_page(name).locator("h1").first.inner_text().strip("#\n ")
    place = canonical.get_attribute("href") if canonical.count() else title
    sheets = print_page(name)
    for number, text in enumerate(map(spaced, sheets), 1):
        foot = rf"\d+ [A-Z][a-z]+ 20\d\d, page {number} of {len(sheets)}"
        assert place in text and re.search(foot, text), f"the foot of sheet {number}: {text[-200:]}"


@pytest.mark.parametrize("name", PAGES)
def test_no_sheet_is_blank_and_none_begins_after_its_heading(open_sheet, print_page, name):
    headings = {spaced(text).strip("# ") for text in open_sheet(name).locator(
        ".bd-article :is(h2, h3)").all_inner_texts()}
    sheets = print_page(name)
    assert 1 <= len(sheets) <= 45
    for number, text in enumerate(sheets, 1):
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        body = [line for line in lines if not re.search(r"page \d+ of \d+", line)]
        assert len(body) > 2, f"{name}: sheet {number} of {len(sheets)} is blank: {lines}"
        assert body[-1].strip("# ") not in headings, f"{name}: sheet {number} ends in {body[-1]!r}"


@pytest.mark.parametrize("name", [*PAGES, "lessons/optimizers.html", "notation.html"])
def test_paper_is_black_on_white_without_controls_and_not_torn(open_sheet, name):
    page = open_sheet(name)
    found = page.evaluate("""() => {
        const shown = [...document.querySelectorAll("body *")].filter(node => node.checkVisibility())
        const own = node => [...node.childNodes].some(child => child.nodeType === 3 && child.data.trim())
        const what = node => `${node.tagName.toLowerCase()}.${[...node.classList].join(".")}`
        const off = (name, test) => [name, [...new Set(shown.filter(test).map(what))]]
        const css = getComputedStyle
        return Object.fromEntries([
            off("not black", node => own(node) && css(node).color !== "rgb(0, 0, 0)"),
            off("not on white", node => !["rgba(0, 0, 0, 0)", "rgb(255, 255, 255)"]
                                         .includes(css(node).backgroundColor)),
            off("a control", node => node.matches("button, input, nav, form, dialog, [role=status]")),
            off("cut off", node => node.matches(".bd-article *") && !node.closest("svg, .mathml")
                                   && node.getBoundingClientRect().right > innerWidth + 1),
            off("torn by the end of a sheet", node => node.matches("img, tr, .claim, figure")
                                                      && css(node).breakInside !== "avoid"),
            off("parted from what it heads", node => node.matches("h2, h3, caption")
                                                     && css(node).breakAfter !== "avoid"),
        ])
    }""")
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
    for fault, nodes in found.items():
        assert not nodes, f"{name}, on paper {fault}: {nodes}"
