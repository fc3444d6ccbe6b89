"""What a reader takes to paper, from a dark page: all that it says, black on white, whole."""

import io
import re
from pathlib import Path

import pytest
from pypdf import PdfReader

import print_pages
from built_site import pages

SITE = Path(__file__).parent.parent / "_build/html"
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
    assert 1 <= len(sheets) <= 80
    for number, text in enumerate(sheets, 1):
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        body = [line for line in lines if not re.search(r"page \d+ of \d+", line)]
        assert len(body) > 1, f"{name}: sheet {number} of {len(sheets)} is blank: {lines}"
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


@pytest.fixture(scope="module")
def printed(browser, tmp_path_factory):
    """A function that prints a page of the site, or the book, as `make print` does, and returns its reader."""
    folder = tmp_path_factory.mktemp("built")
    (folder / "html").symlink_to(SITE)
    (folder / "print").mkdir()
    done = {}

    def printed(name):
        if name not in done:
            source, target = SITE / f"lessons/{name}.html", folder / f"print/{name}.pdf"
            if name == print_pages.BOOK:
                source = folder / f"print/{name}.html"
                source.write_text(print_pages.book(SITE, pages(SITE)), encoding="utf8")
            print_pages.print_page(browser, source, target)
            print_pages.mend(target, SITE, "A title")
            done[name] = PdfReader(target)
        return done[name]
    return printed


def links(reader):
    """Return where the links of a PDF lead: addresses, and names of places within it."""
    actions = [link.get_object() for sheet in reader.pages for link in sheet.get("/Annots", ())]
    addresses = [link["/A"]["/URI"] for link in actions if "/URI" in link.get("/A", {})]
    places = [link.get("/Dest") or link["/A"].get("/D") for link in actions if "/URI" not in link.get("/A", {})]
    return addresses, places


def outline(entries):
    """Return the titles of the bookmarks of a PDF, each with those below it."""
    return [outline(entry) if isinstance(entry, list) else spaced(entry.title) for entry in entries]


def check_links(reader):
    addresses, places = links(reader)
    assert not [address for address in addresses if re.match("file:|/|.*\\.html", address)
                and not address.startswith("http")], "a link to a file of this computer"
    assert any(address.startswith("https://doi.org") for address in addresses)
    lost = [place for place in places if isinstance(place, str) and place.lstrip("/") not in {
        name.lstrip("/") for name in reader.named_destinations}]
    assert not lost, f"links that lead nowhere: {lost[:9]}"
    return addresses, places


def test_a_lesson_is_a_pdf_with_bookmarks_and_links(printed, open_page):
    reader = printed("dropout")
    headings = [spaced(text).strip("# ") for text in open_page(LESSON).locator(
        ".bd-article :is(h1, h2)").all_inner_texts()]
    (title, *_), text = reader.outline, spaced(" ".join(sheet.extract_text() for sheet in reader.pages))
    assert spaced(title.title).strip("# ") == headings[0] and reader.metadata.title == "A title"
    for heading in headings:
        assert heading in text, f"not in the text of the PDF: {heading}"
    for number, sheet in enumerate(reader.pages, 1):
        assert f"page {number} of {len(reader.pages)}" in spaced(sheet.extract_text())
    addresses, places = links(reader)
    assert places, "no link within the lesson"
    assert "over-fitting.pdf" in addresses or any("/lessons/over-fitting.html" in a for a in addresses)
    assert not [address for address in addresses if address.startswith("file:")]


@pytest.mark.long
def test_the_book_is_one_pdf_in_the_order_of_its_pages(printed):
    reader = printed(print_pages.BOOK)
    titles = [spaced(entry.title).strip("# ") for entry in reader.outline if not isinstance(entry, list)]
    assert titles == [spaced(title) for title in pages(SITE).values()]
    _, places = check_links(reader)
    assert len(places) > 500
    blank = [number for number, sheet in enumerate(reader.pages, 1) if len(sheet.extract_text().split()) < 15]
    assert not blank, f"blank sheets: {blank}"
    assert f"page 100 of {len(reader.pages)}" in spaced(reader.pages[99].extract_text())
