"""What leads a reader through the built site: links, previews, notes in the margin, the search."""

import functools
import os
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest

SITE = Path(__file__).parent.parent / "_build/html"
PAGES = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html")
               if not {"_static", "_sources"} & set(path.relative_to(SITE).parts)
               and path.name != "404.html")   # whose links are those of a server
LESSONS = [name for name in PAGES if name.startswith("lessons/")]


# Links

class Links(HTMLParser):
    """The ids of a page and what it links to or loads."""

    def __init__(self, path):
        super().__init__()
        self.ids, self.links = {"", "top"}, set()
        self.feed(path.read_text(encoding="utf8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.ids |= {attributes[name] for name in ("id", "name") if attributes.get(name)}
        self.links |= {attributes[name] for name in ("href", "src", "data", "poster") if attributes.get(name)}
        self.links |= {part.split()[0] for part in (attributes.get("srcset") or "").split(",") if part.strip()}


@functools.cache
def links_of(path):
    return Links(path)


def dead_links(site):
    """Return the links of a site's pages to a file or to a place in a page that does not exist."""
    dead = []
    for page in sorted(site.rglob("*.html")):
        if {"_static", "_sources"} & set(page.relative_to(site).parts) or page.name == "404.html":
            continue
        for link in sorted(links_of(page).links):
            address, anchor = urldefrag(link)
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            if not target.is_file():
                dead.append(f"{page.relative_to(site)} links to {link}: no such file")
            elif anchor.startswith("preset="):   # settings of the laboratory
                continue
            elif anchor and target.suffix == ".html" and unquote(anchor) not in links_of(target).ids:
                dead.append(f"{page.relative_to(site)} links to {link}: no such place in that page")
    return dead


def test_no_internal_link_is_dead():
    if not PAGES and not os.environ.get("CI"):
        pytest.skip("needs the site: make book")
    assert PAGES
    assert not (dead := dead_links(SITE)), "\n".join(dead)


def test_a_dead_link_is_found(tmp_path):
    (tmp_path / "_static").mkdir()
    (tmp_path / "_static/there.css").touch()
    (tmp_path / "index.html").write_text(
        '<p id="here"></p><a href="#here"></a><a href="#gone"></a><a href="other.html#a%20b"></a>'
        '<a href="other.html#gone"></a><link href="_static/there.css?v=1"><img src="_images/gone.png">'
        '<a href="https://example.org/gone.html#x"></a><a href="mailto:x@example.org"></a>')
    (tmp_path / "other.html").write_text('<p id="a b"></p>')
    assert dead_links(tmp_path) == [
        "index.html links to #gone: no such place in that page",
        "index.html links to _images/gone.png: no such file",
        "index.html links to other.html#gone: no such place in that page"]


# The way from page to page

def test_neighbors_are_named_with_their_place_and_question(open_page):
    page = open_page("lessons/dropout.html")
    follow = page.locator("a.right-next")
    shown = follow.inner_text()
    follow.click()
    page.wait_for_load_state()
    for part in [".lesson-question", "h1"]:
        assert page.locator(part).first.inner_text().strip("#\n ") in shown, f"{part} of the next is not in {shown!r}"
    place = page.locator(".lesson-about").first.inner_text().split(" ·")[0]
    assert place.lower() in shown.lower()


def test_the_sidebar_numbers_the_lessons_in_their_parts_and_marks_the_present_one(open_page):
    page = open_page("lessons/dropout.html")
    entries = page.locator(".bd-sidebar-primary .toctree-l1 a")
    numbers = [re.match(r"(\d+) ", text) for text in entries.all_inner_texts()]
    assert [int(number[1]) for number in numbers if number] == list(range(1, len(LESSONS)))   # how-to-run has none
    assert page.locator(".bd-sidebar-primary p.caption").count() == 5
    here = page.locator(".bd-sidebar-primary a[aria-current=page]")
    assert here.inner_text().endswith("Dropout")
    assert here.inner_text().split()[0] == re.match(
        r"Lesson (\d+)", page.locator(".lesson-about").first.inner_text())[1]


# Previews

TERM = "article a[href='../glossary.html#term-mask']"


def preview_of(page):
    return page.locator("#preview")


@pytest.mark.parametrize("link, words", [
    (TERM, "mask"),
    ("article a[href*='references.html#']", "Hinton"),
    ("article a.reference[href='#equation-eq-dropout']", "𝑝"),
])
def test_a_link_shows_what_it_leads_to_to_the_pointer_and_to_the_keyboard(open_page, link, words):
    page = open_page("lessons/dropout.html")
    link = page.locator(link).first
    link.hover()
    preview_of(page).wait_for()
    assert words in preview_of(page).inner_text()
    assert link.get_attribute("aria-describedby") == "preview" and not link.get_attribute("title")
    page.mouse.move(2, 2)
    preview_of(page).wait_for(state="hidden")
    assert link.get_attribute("aria-describedby") is None
    page.keyboard.press("Tab")   # so that focus counts as the keyboard's
    link.focus()
    assert preview_of(page).is_visible(), "the keyboard gets no preview"
    page.keyboard.press("Escape")
    assert preview_of(page).is_hidden(), "Escape does not close it"
    assert not page.troubles


def test_a_preview_stays_under_the_pointer_and_within_the_screen(open_page):
    for width in [500, 1280]:
        page = open_page("lessons/dropout.html", width)
        for link in page.locator("article a.reference.internal[href*='#']:visible").all()[:12]:
            if not link.evaluate("link => partsOf(link).length"):   # a link to a section
                continue
            link.scroll_into_view_if_needed()
            link.hover()
            preview_of(page).wait_for()
            box = preview_of(page).bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= width, f"{box} on a screen of {width}"
            assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.mouse.move(0, 0)
    preview_of(page).wait_for(state="hidden")   # the last of those above
    page.locator(TERM).first.hover()
    preview_of(page).wait_for()
    box = preview_of(page).bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 10, steps=8)
    page.wait_for_timeout(400)
    assert preview_of(page).is_visible(), "it vanishes when the pointer moves onto it"


def test_a_touched_link_is_followed_without_a_preview(open_page):
    page = open_page("lessons/dropout.html", 390, has_touch=True)
    page.locator(TERM).first.tap()
    page.wait_for_url("**/glossary.html#term-mask")
    assert preview_of(page).is_hidden()


def test_every_term_source_and_equation_that_is_linked_has_a_preview(open_page):
    """The formulas of a preview have all their letters, too: outlines that the page itself has."""
    for name in LESSONS:
        page = open_page(name)
        without = page.evaluate("""() => [...document.querySelectorAll(
            "article a[href*='#term-'], article a[href*='references.html#'], article a[href*='#equation-']")]
          .filter(link => !link.matches(".headerlink") && !partsOf(link).length)
          .map(link => link.getAttribute("href"))""")
        assert not without, f"{name}: links without a preview: {without}"
        lost = page.evaluate("""() => [...document.querySelectorAll("template[data-of]")].flatMap(
            template => [...template.content.querySelectorAll("use")])
          .map(use => use.getAttribute("href") || use.getAttribute("xlink:href"))
          .filter(address => !document.querySelector(CSS.escape(address).replace("\\\\#", "#")))""")
        assert not lost, f"{name}: letters of previews that are nowhere: {lost[:3]}"


def test_each_source_is_printed_once(open_page):
    page = open_page("references.html")
    sources = page.locator(".citation")
    assert sources.count() > 50
    twice = [source.inner_text() for source in sources.all() if source.locator("p").count() != 1]
    assert not twice, f"printed more than once: {twice[:2]}"
    page = open_page("results.html")
    shown = page.evaluate("""() => [...document.querySelectorAll("template[data-of*='references.html#']")]
        .map(template => template.content.querySelectorAll("p").length)""")
    assert set(shown) == {1}, f"previews of sources have {shown} paragraphs"


# The claims of all lessons

@pytest.mark.parametrize("width, rows", [(1280, True), (390, False)])
def test_a_claim_is_a_row_where_there_is_room_and_a_card_on_a_phone(open_page, width, rows):
    page = open_page("results.html", width)
    claims = page.locator(".claim-list .claim")
    sizes = claims.evaluate_all("""claims => claims.map(claim => {
        const box = name => claim.querySelector(name)?.getBoundingClientRect()
        const ruler = box("svg.ruler")
        return {high: claim.offsetHeight, beside: !ruler || ruler.left > box(".values").right}})""")
    assert len(sizes) > 100 and page.locator("article table:visible").count() == 0, "the tables are not folded"
    assert all(size["beside"] for size in sizes) == rows, (
        f"{width} wide the claims are no {'rows, with' if rows else 'cards, without'} the ruler beside the words")
    mean = sum(size["high"] for size in sizes) / len(sizes)
    assert mean <= (90 if rows else 230), f"{width} wide a claim is {mean:.0f} pixels high"


# Notes in the margin

OVERLAPS = """() => [...document.querySelectorAll(".admonition.margin")].flatMap(note => {
  const a = note.getBoundingClientRect()
  return [...document.querySelectorAll(`article :is(p:not(.admonition-title), li, pre, table, img, h2, h3, dt, .formula, summary)`)]
    .filter(other => !note.contains(other)).map(other => [other, other.getBoundingClientRect()])
    .filter(([other, b]) => b.width && a.left < b.right - 1 && b.left < a.right - 1
                            && a.top < b.bottom - 1 && b.top < a.bottom - 1)
    .map(([other]) => `${note.innerText.slice(0, 40)} | ${other.tagName} ${other.innerText?.slice(0, 40)}`)
})"""


@pytest.mark.parametrize("name", LESSONS)
def test_notes_stand_beside_the_text_where_there_is_room_and_cover_nothing(open_page, name):
    for width in [390, 1000, 1280, 1600]:
        page = open_page(name, width)
        page.wait_for_load_state()
        assert not (covered := page.evaluate(OVERLAPS)), f"{name}, {width} wide: {covered}"
        if width >= 1280:
            for note in page.locator(".admonition.margin").all():
                beside = note.evaluate("""note => note.getBoundingClientRect().left
                    - note.closest("section").querySelector("p").getBoundingClientRect().right""")
                assert beside > 0, f"{name}, {width} wide: a note stands in the text: {note.inner_text()}"


# The search

@pytest.fixture(scope="module")
def address(serve):
    return serve(SITE)


@pytest.mark.parametrize("words", ["saturation", "weight decay", "Srivastava", "learning rate", "nowhereatall"])
def test_search_finds_from_the_file_system_what_it_finds_over_http(open_page, address, words):
    found = []
    page = open_page("search.html")
    for place in [SITE.as_uri(), address]:
        page.goto(f"{place}/search.html?q={words}")
        page.get_by_text(re.compile("Search finished|did not match")).first.wait_for()
        page.wait_for_function(
            "[...document.querySelectorAll('#search-results li')].every(item => item.innerText.includes('\\n'))"
            " || !document.querySelector('#search-results li')")
        found.append([(item.locator("a").first.inner_text(), " ".join(item.inner_text().split()))
                      for item in page.locator("#search-results li").all()])
    assert found[0] == found[1], f"{words}: {len(found[0])} results from files, {len(found[1])} over http"
    assert bool(found[0]) == (words != "nowhereatall")
