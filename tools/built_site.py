"""The built site, for what is made from it, and a browser to open it with."""

import os
import re
import shutil
from contextlib import contextmanager
from html import unescape
from pathlib import Path

from sphinx_external_toc.parsing import parse_toc_yaml

ROOT = Path(__file__).resolve().parent.parent


def site():
    """Return the folder of the site of this edition."""
    instructor = os.environ.get("COURSE_EDITION") == "instructor"
    return ROOT / ("_build/instructor/_build/html" if instructor else "_build/html")


def pages(built):
    """Return the pages in the order of _toc.yml, as {name: title}."""
    return {name: title(built / f"{name}.html") for name in parse_toc_yaml(ROOT / "_toc.yml")}


def title(page):
    article = page.read_text(encoding="utf8").split('<article class="bd-article">')[1]
    heading = re.search(r'<h1>(.*?)(?:<a class="headerlink"|</h1>)', article, re.DOTALL)
    return " ".join(unescape(re.sub("<[^>]*>", "", heading[1])).split())


def lessons(built):
    """Return the lessons, in the same way, by their names alone."""
    return {name.removeprefix("lessons/"): title for name, title in pages(built).items()
            if (ROOT / f"{name}.ipynb").exists()}


@contextmanager
def launch():
    """Yield a browser, or None where Chromium is not installed."""
    found = [shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")]
    if not any(found):
        yield None
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=next(filter(None, found)), args=["--no-sandbox"])
        yield browser
        browser.close()
