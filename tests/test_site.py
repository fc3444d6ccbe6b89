"""The built site as its readers meet it, in a browser, from the file system and without a network."""

import os
import shutil
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parent.parent
SITE = ROOT / "_build/html"
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PAGES = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html")
               if not {"_static", "_sources"} & set(path.relative_to(SITE).parts))

if not os.environ.get("CI"):   # there, a test that is skipped would be one that nobody misses
    pytestmark = [pytest.mark.skipif(not BROWSER, reason="needs Chromium"),
                  pytest.mark.skipif(not PAGES, reason="needs the site: make book")]


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser):
    """A function that opens a page of the site; what goes wrong in it is in `page.troubles`."""
    contexts = []

    def open_page(name, width=1280, mode="light", **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=mode,
                                      reduced_motion="reduce", **options)
        contexts.append(context)
        page = context.new_page()
        page.troubles = []
        page.on("pageerror", lambda error: page.troubles.append(f"an exception: {error}"))
        page.on("console", lambda message: page.troubles.append(f"on the console: {message.text}")
                if message.type == "error" else None)
        page.on("request", lambda request: page.troubles.append(f"asks for {request.url}")
                if not request.url.startswith(("file:", "data:", "blob:")) else None)
        page.on("requestfailed", lambda request: page.troubles.append(f"did not get {request.url}"))
        page.goto((SITE / name).as_uri())
        page.evaluate("mode => document.documentElement.dataset.theme = mode", mode)
        return page

    yield open_page
    for context in contexts:
        context.close()


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
