"""A browser for the tests of the built site."""

import os
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

SITE = Path(__file__).parent.parent / "_build/html"
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
def browser():
    if not os.environ.get("CI"):   # there, a test that is skipped would be one that nobody misses
        if not BROWSER:
            pytest.skip("needs Chromium")
        if not SITE.exists():
            pytest.skip("needs the site: make book")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def watch():
    """A function that keeps in `page.troubles` what goes wrong in a page, and what it asks of others.

    own: what the addresses begin with that it may ask for.
    """
    def watch(page, own):
        page.troubles = []
        page.on("pageerror", lambda error: page.troubles.append(f"an exception: {error}"))
        page.on("console", lambda message: page.troubles.append(f"on the console: {message.text}")
                if message.type == "error" else None)
        page.on("request", lambda request: page.troubles.append(f"asks for {request.url}")
                if not request.url.startswith(own) else None)

    return watch


@pytest.fixture
def open_page(browser, watch):
    """A function that opens a page of the site; what goes wrong in it is in `page.troubles`."""
    contexts = []

    def open_page(name, width=1280, mode="light", **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=mode,
                                      reduced_motion="reduce", **options)
        contexts.append(context)
        page = context.new_page()
        watch(page, ("file:", "data:", "blob:"))
        page.on("requestfailed", lambda request: page.troubles.append(f"did not get {request.url}"))
        page.goto((SITE / name).as_uri())
        page.evaluate("mode => document.documentElement.dataset.theme = mode", mode)
        return page

    yield open_page
    for context in contexts:
        context.close()
