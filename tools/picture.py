"""Take the README's picture, _static/page.png, from the built site."""

import sys

from built_site import ROOT, launch, site

with launch() as browser:
    if not browser:
        sys.exit("make picture needs Chromium")
    page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="light")
    page.goto((site() / "lessons/regularization.html").as_uri())
    figure = page.get_by_role("img", name="Test accuracy of ten seeds").first
    figure.evaluate("node => scrollTo(0, node.getBoundingClientRect().top - 140)")
    page.wait_for_timeout(500)   # until the header has come down
    page.screenshot(path=ROOT / "_static/page.png")
