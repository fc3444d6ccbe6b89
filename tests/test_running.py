"""A lesson as a student runs it: downloaded and alone, in JupyterLab, live on its page, on Binder."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CI = os.environ.get("CI")


def serve_jupyter(folder, *options, program="server"):
    """Start Jupyter in `folder`; return the process and its address, with its token."""
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyter", program, "--no-browser", "--allow-root", "--ip=127.0.0.1",
         "--port=0", "--ServerApp.port_retries=0", "--IdentityProvider.token=secret", *options],
        cwd=folder, env={**os.environ, "HOME": str(folder), "PROGRESS": "0"}, text=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    for line in process.stderr:
        if found := re.search(r"http://127\.0\.0\.1:\d+/\S*token=\S+", line):
            break
    else:
        raise AssertionError("Jupyter did not start")
    # its log is read on, or it would wait for a reader
    import threading
    threading.Thread(target=process.stderr.read, daemon=True).start()
    return process, re.sub("token=.*", "token=secret", found[0])


@pytest.fixture
def course(tmp_path):
    """The course as a student has it, without what was built."""
    folder = tmp_path / "course"
    for name in ["lessons", "code"]:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    return folder


@pytest.fixture(scope="session")
def thebe(tmp_path_factory):
    """The folder of thebe-core as npm has it."""
    import live_code

    if not CI and not shutil.which("npm"):
        pytest.skip("needs npm, for thebe")
    folder = tmp_path_factory.mktemp("thebe")
    name = re.search(r"/npm/([^/]+)/", live_code.THEBE)[1]
    packed = subprocess.run(["npm", "pack", "--silent", name], cwd=folder, text=True, check=True,
                            capture_output=True).stdout.strip()
    shutil.unpack_archive(folder / packed, folder, "gztar")
    return folder / "package"


def give_thebe(page, thebe, wanted):
    """Let the page get thebe from a folder; what it asks for is added to the list `wanted`."""
    def answer(route):
        wanted.append(route.request.url)
        path = re.sub(r"^.*?/npm/[^/]+/", "", route.request.url)
        route.fulfill(path=thebe / path, headers={"Access-Control-Allow-Origin": "*"})

    page.route("https://cdn.jsdelivr.net/**", answer)


def test_cells_run_live_on_a_server_after_those_before_them(open_page, course, thebe):
    page, wanted = open_page("lessons/cross-entropy.html"), []
    give_thebe(page, thebe, wanted)
    assert not page.troubles
    page.locator("button.btn-live-code-button").click()
    panel = page.locator("section.live-code")
    status, address = panel.get_by_role("status"), panel.get_by_role("textbox")
    connect = panel.get_by_role("button", name="Connect", exact=True)

    def answers(words):
        connect.click()
        panel.get_by_text(words).wait_for(timeout=90_000)

    address.fill("somewhere")
    answers("This is no address")
    address.fill("http://127.0.0.1:9/lab?token=secret")
    answers("No Jupyter server answers this page at http://127.0.0.1:9/")
    assert not wanted, "thebe was loaded before a server answered"
    process, url = serve_jupyter(course, "--ServerApp.allow_origin=*")
    try:
        address.fill(url.replace("secret", "wrong"))
        answers("does not accept this token")
        address.fill(url)
        answers("Connected.")
        cells = page.locator("div.cell")
        cells.nth(1).get_by_role("button", name="Run cell 2").click()
        panel.get_by_text("Cell 2 has run").wait_for(timeout=120_000)
        assert status.inner_text() == "Cell 2 has run."
    finally:
        process.terminate()
        process.wait()
