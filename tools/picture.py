"""Take the README's picture, _static/page.png, from the built site."""

import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "_build/html/lessons/regularization.html"
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
    page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="light")
    page.goto(PAGE.as_uri())
    figure = page.get_by_role("img", name="Test accuracy of ten seeds").first
    figure.evaluate("node => scrollTo(0, node.getBoundingClientRect().top - 140)")
    page.wait_for_timeout(500)   # until the header has come down
    page.screenshot(path=ROOT / "_static/page.png")
    browser.close()
