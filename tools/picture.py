"""Take the README's picture, _static/page.png, from the built site."""

import io
import shutil
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "_build/html/lessons/regularization.html"
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
    page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="light")
    page.goto(PAGE.as_uri())
    page.locator(".bd-article img").nth(1).evaluate("figure => scrollTo(0, figure.getBoundingClientRect().top - 120)")
    page.wait_for_timeout(500)   # the header comes down
    shot = Image.open(io.BytesIO(page.screenshot()))
    browser.close()
# of 256 colors, which halves it
shot.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(ROOT / "_static/page.png", optimize=True)
