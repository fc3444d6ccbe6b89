"""The built site as its readers meet it, in a browser, from the file system and without a network."""

import json
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

import search_texts

SITE = Path(__file__).parent.parent / "_build/html"
PAGES = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html")
               if not {"_static", "_sources"} & set(path.relative_to(SITE).parts))


@pytest.mark.parametrize("name", PAGES)
def test_page_loads_in_peace_and_fits_the_screen(open_page, name):
    for width in [390, 1280]:
        for mode in ["light", "dark"]:
            page = open_page(name, width, mode)
            for details in page.locator("details").all():
                details.evaluate("node => node.open = true")
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{name} is {wide} wide on a screen of {width}"
            assert not page.troubles, f"{name}, {width} wide, {mode}: {page.troubles}"


@pytest.mark.parametrize("name", PAGES)
def test_page_is_accessible(open_page, name):
    for mode in ["light", "dark"]:
        found = Axe().run(open_page(name, mode=mode))
        assert not found.violations_count, f"{name}, {mode}: {found.generate_report()[:3000]}"


def test_questions_answer_with_reasons_and_are_remembered(open_page):
    page = open_page("lessons/dropout.html")
    question = page.locator("fieldset.self-check").first
    assert page.locator("#check-yourself details:visible").count() == 0, "the answers are open beside it"
    question.get_by_role("button", name="Check").press("Enter")
    assert "Choose an answer" in question.get_by_role("status").inner_text()
    right, wrong = ("Nothing.", "Right.", "right", 1), ("A fifth of them is set to zero.", "No.", "wrong", 0)
    for answer, verdict, mark, count in [right, wrong, right]:
        question.get_by_role("radio", name=answer).press("Space")
        question.get_by_role("button", name="Check").press("Enter")
        assert question.get_by_role("status").inner_text().startswith(verdict), answer
        assert (marked := question.get_attribute("data-answer")) == mark, f"{answer!r} is {mark}, and marked {marked}"
        assert f"{count} of 4 answered right" in page.locator("#check-yourself").inner_text(), f"after {answer!r}"
    page.reload()
    assert page.locator("fieldset.self-check input").nth(2).is_checked(), "the answer is forgotten"
    assert "1 of 4 answered right" in page.locator("#check-yourself").inner_text()


def test_questions_are_dropdowns_without_scripts(open_page):
    page = open_page("lessons/dropout.html", java_script_enabled=False)
    answers = page.locator("#check-yourself details")
    answers.first.locator("summary").click()
    assert "That happens in training only" in answers.first.inner_text()


def test_search_quotes_from_the_pages(open_page):
    page = open_page("search.html")
    page.goto(page.url.split("?")[0] + "?q=saturation")
    page.get_by_text("Search finished").wait_for()
    found = page.locator("#search-results li")
    assert "Over-fitting" in page.locator("#search-results").inner_text()
    for excerpt in found.locator("p.context").all_inner_texts():
        assert "\\" not in excerpt and "$" not in excerpt, f"TeX in an excerpt: {excerpt}"
        assert not re.search(r"\b(?:eq|fig)-[a-z]", excerpt), f"a label in an excerpt: {excerpt}"
    assert not page.troubles
    texts = (SITE / "_static/search-texts.js").read_text(encoding="utf8").removeprefix(search_texts.START)
    for name, text in json.JSONDecoder().raw_decode(texts)[0].items():
        assert not (tex := re.findall(r".{0,40}[\\$].{0,40}", text)), f"TeX in the search, of {name}: {tex[:3]}"


def test_the_name_of_an_author_finds_the_lessons_that_cite_and_no_key_is_quoted(open_page):
    page = open_page("search.html")
    page.goto(page.url.split("?")[0] + "?q=Srivastava")
    page.get_by_text("Search finished").wait_for()
    assert "Dropout" in page.locator("#search-results").inner_text()
    keys = set(re.findall(r"@\w+\{([a-z]\w*\d{4}),", (SITE.parent.parent / "references.bib").read_text(encoding="utf8")))
    words = set(re.findall(r"[\w-]+", (SITE / "_static/search-texts.js").read_text(encoding="utf8")))
    assert not words & keys, f"keys of sources in the search: {sorted(words & keys)[:5]}"
    assert not (labels := [word for word in words if re.match("(eq|fig)-[a-z]", word)]), f"labels: {labels[:5]}"
