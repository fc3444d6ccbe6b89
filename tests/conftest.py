"""A browser and servers for the tests of the built site."""

import functools
import os
import threading
from contextlib import ExitStack
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from built_site import launch

SITE = Path(__file__).parent.parent / "_build/html"


@pytest.fixture(scope="session")
def browser():
    # in CI a test that is skipped would be one that nobody misses
    missing = pytest.fail if os.environ.get("CI") else pytest.skip
    if not SITE.exists():
        missing("needs the site: make book")
    with launch() as browser:
        if not browser:
            missing("needs Chromium")
        yield browser


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *words):
        pass


@pytest.fixture(scope="session")
def serve():
    """A function that serves a folder on this computer, and returns its address."""
    with ExitStack() as servers:
        def serve(folder, handler=Quiet):
            server = servers.enter_context(
                ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(handler, directory=folder)))
            servers.callback(server.shutdown)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            return f"http://127.0.0.1:{server.server_port}"

        yield serve


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
