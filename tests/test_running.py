"""A lesson as a student runs it: downloaded and alone, in JupyterLab, live on its page, on Binder."""

import ast
import html
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import urllib.request
import zipfile
from pathlib import Path

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe

import get_code
import live_code
from book import SmallBook, notebook
from kernel_environment import kernel_environment
from lesson_execution import _run
from lone_notebooks import PATH, lone_notebook
from plain_markdown import plain, read_citations

ROOT = Path(__file__).parent.parent
LESSONS = sorted(path.stem for path in (ROOT / "lessons").glob("*.ipynb"))


def lesson(name):
    return (ROOT / f"lessons/{name}.ipynb").read_text(encoding="utf8")


def copy_course(folder):
    """Make `folder` the course as a student has it, without what was built."""
    for name in ["lessons", "code", ".binder"]:
        shutil.copytree(ROOT / name, folder / name,
                        ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints"))
    return folder


def claims_of(executed):
    return [output.metadata["claim"] for cell in executed.cells
            for output in cell.get("outputs", []) if "claim" in output.get("metadata", {})]


def assert_claims_hold(executed, name):
    """Check that each claim of the lesson was made in this run: one that fails ends the run."""
    expected = sum(output.get("data", {}).get("text/plain", "").startswith("holds: ")
                   for cell in nbformat.reads(lesson(name), as_version=4).cells
                   for output in cell.get("outputs", []))
    made = len(claims_of(executed))
    assert made == expected > 0, f"{name} made {made} of its {expected} claims"


# Alone

DIGEST = get_code.digest_of(get_code.read_folder(ROOT / "code"))


def pack(path, top="course-0123abc"):
    """Write an archive as a repository gives it, with more than code/ in it."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{top}/", "")
        archive.writestr(f"{top}/code/", "")
        archive.writestr(f"{top}/README.md", "# More than code")
        archive.writestr(f"{top}/tests/code/other.py", "print('not this')")
        for name, contents in get_code.read_folder(ROOT / "code").items():
            archive.writestr(f"{top}/code/{name}", contents)


@pytest.fixture
def site(tmp_path, serve):
    """A folder that is served, and its address."""
    folder = tmp_path / "site"
    folder.mkdir()
    return folder, serve(folder)


@pytest.fixture
def first_cell(tmp_path, monkeypatch):
    """Run the first cell of a lone notebook in an empty folder; return what it put on the path."""
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", list(sys.path))

    def run(archive, digest=DIGEST):
        cell, *_ = (cell for cell in nbformat.reads(lone_notebook(
            lesson("dropout"), archive, digest), as_version=4).cells if cell.cell_type == "code")
        exec(cell.source, {"__name__": "__main__"})
        return Path(sys.path[0])

    run.folder = folder
    return run


def test_the_first_cell_gets_the_code_of_its_version(first_cell, site):
    folder, address = site
    pack(folder / "good.zip")
    assert first_cell(f"{address}/good.zip") == first_cell.folder / "code"
    found = {path.name for path in (first_cell.folder / "code").iterdir()}
    assert found == {path.name for path in (ROOT / "code").glob("*.*")}
    assert [path.name for path in first_cell.folder.iterdir()] == ["code"], "something was left behind"


@pytest.mark.parametrize("place", ["code", "../code"])
def test_the_first_cell_takes_the_code_beside_it_without_a_network(first_cell, place, capsys):
    target = (first_cell.folder / place).resolve()
    shutil.copytree(ROOT / "code", target)
    assert first_cell("http://127.0.0.1:9/none.zip") == target
    assert capsys.readouterr().out == ""
    (target / "lecture.py").write_text("# edited")
    assert first_cell("http://127.0.0.1:9/none.zip") == target
    assert "is not as this version of the course has it" in capsys.readouterr().out


def damage(path):
    """Change a byte of a packed file's own contents: much else in an archive is never read."""
    contents = bytearray(path.read_bytes())
    contents[contents.index((ROOT / "code/mnist.py").read_bytes()) + 100] ^= 255
    path.write_bytes(contents)


@pytest.mark.parametrize("what, error, words", [
    ("refused", ConnectionError, "Where there is no network"),
    ("missing", ConnectionError, "404"),
    ("damaged", ValueError, "is damaged .*run this cell again"),
    ("cut off", ValueError, "is damaged .*run this cell again"),
    ("another version", ValueError, "is not of this notebook's version"),
    ("a path out of the folder", ValueError, "is not of this notebook's version"),
    ("no address", FileNotFoundError, "knows no address"),
    ("another's code", FileExistsError, "run this notebook in a folder of its own"),
])
def test_the_first_cell_says_what_to_do_where_it_gets_no_code(first_cell, site, what, error, words):
    folder, address = site
    path = folder / "course.zip"
    pack(path)
    before = set()
    archive, digest = f"{address}/course.zip", DIGEST
    if what == "refused":
        archive = "http://127.0.0.1:9/course.zip"
    elif what == "missing":
        path.unlink()
    elif what == "damaged":
        damage(path)
    elif what == "cut off":
        path.write_bytes(path.read_bytes()[:-200])
    elif what == "another version":
        digest = "0" * 64
    elif what == "a path out of the folder":
        with zipfile.ZipFile(path, "a") as packed:
            packed.writestr("course-0123abc/code/..\\outside.py", "print('out')")
    elif what == "no address":
        archive = None
    elif what == "another's code":
        Path("code").mkdir()
        before = {"code"}
    with pytest.raises(error, match=words) as raised:
        first_cell(archive, digest)
    if what != "another's code":
        assert "put the course's folder code/ beside this notebook" in str(raised.value)
    assert {path.name for path in first_cell.folder.iterdir()} == before, "something was left behind"


def test_the_first_cell_names_the_packages_that_are_missing(first_cell, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec",
                        lambda name, *rest: None if name == "sklearn" else find(name, *rest))
    with pytest.raises(ModuleNotFoundError, match="%pip install scikit-learn$"):
        first_cell(None)


@pytest.mark.parametrize("name", [
    name if name == "cross-entropy" else pytest.param(name, marks=pytest.mark.long) for name in LESSONS])
def test_a_downloaded_notebook_trains_alone_and_its_claims_hold(name, site, tmp_path):
    folder, address = site
    pack(folder / "course.zip")
    alone = nbformat.reads(lone_notebook(lesson(name), f"{address}/course.zip", DIGEST), as_version=4)
    empty = tmp_path / "Downloads"
    empty.mkdir()
    _, failure = _run(alone, empty, 900, {})
    assert not failure, f"{name}, alone in an empty folder, {failure}"
    assert_claims_hold(alone, name)


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_needs_no_folder_but_code(name):
    """What a notebook alone has not: the repository around it."""
    cells = [cell.source for cell in nbformat.reads(lesson(name), as_version=4).cells
             if cell.cell_type == "code"]
    assert cells[0].startswith(PATH), f"{name} does not begin with {PATH}"
    own = {path.stem for path in (ROOT / "code").glob("*.py")}
    tree = ast.parse("\n".join(cells).removeprefix(PATH))
    for node in ast.walk(tree):
        for module in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else
                       [node.module] if isinstance(node, ast.ImportFrom) else []):
            top = module.split(".")[0]
            assert top in own or importlib.util.find_spec(top), (
                f"{name} imports {module}, which is neither in code/ nor installed")
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, str)
                    and node.value.startswith("../")), f"{name} reaches for {node.value!r}"


def test_code_can_be_imported_from_any_folder(tmp_path):
    modules = sorted(path.stem for path in (ROOT / "code").glob("*.py"))
    program = (f"import importlib, sys; sys.path.insert(0, {str(ROOT / 'code')!r})\n"
               f"for name in {modules}:\n"
               "    try: importlib.import_module(name)\n"
               "    except Exception as error: print(f'code/{name}.py: {type(error).__name__}: {error}')")
    ran = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, text=True, capture_output=True,
                         env=kernel_environment())
    assert ran.returncode == 0, ran.stderr
    assert not ran.stdout, f"these need a working directory of their own: {ran.stdout}"


def test_a_downloaded_notebook_is_plain_markdown():
    citations = read_citations([ROOT / "references.bib"])
    for name in LESSONS:
        text = lesson(name)
        numbers = {label: n for n, label in enumerate(re.findall(r"\$\$ \(([\w-]+)\)", "".join(map(lesson, LESSONS))))}
        alone = nbformat.reads(lone_notebook(text, None, DIGEST, lambda words: plain(
            words, ROOT / f"lessons/{name}.ipynb", numbers, citations, None)), as_version=4)
        for cell in alone.cells:
            if cell.cell_type == "markdown":
                left = re.search(r"\{[\w:-]+\}`|^(:::|```\{)|^\([\w-]+\)=|\]\((?!http)|^\$\$ \(", cell.source, re.M)
                assert not left, f"{name} has MyST, which Colab does not know: {left[0]}"


def test_myst_becomes_markdown_of_the_same_words():
    def written(text, site=None):
        return plain(text, ROOT / "lessons/dropout.ipynb", {"eq-mask": 7},
                     {"a": ("Ha and Hi", "1991"), "b": ("Ho et al.", "2001")}, site)

    assert written("{cite:t}`a` or {cite:p}`a, b`") == "Ha and Hi (1991) or (Ha and Hi, 1991; Ho et al., 2001)"
    assert written("By {eq}`eq-mask` **{term}`scores <score>`**") == "By (7) **scores**"
    assert written("{method}`L2` and {method}`its dots <plain>` in {numref}`fig-a`") == "L2 and its dots in the figure"
    assert written("$$\na = b .\n$$ (eq-mask)") == "$$\na = b . \\tag{7}\n$$"
    assert written("see [it](more-data.ipynb#x) and [that](../glossary.md)") == "see it and that"
    assert written("[it](more-data.ipynb#x), [that](../glossary.md)", "https://example.org/b/") == (
        "[it](https://example.org/b/lessons/more-data.html#x), [that](https://example.org/b/glossary.html)")
    assert written(":::{dropdown} Nothing.\n**Right.** So it is.\n:::\n") == (
        "<details><summary>Nothing.</summary>\n\n**Right.** So it is.\n\n</details>\n\n")
    assert written(":::{exercise} Half\n:label: half\n\nTake half.\n:::") == "**Exercise: Half**\n\nTake half.\n"
    assert written(":::{solution-start} half\n:class: dropdown\n:::") == "**Solution**"
    shown = written("```{literalinclude} ../code/seeds.py\n:pyobject: over_seeds\n:language: python\n```")
    assert shown.startswith("```python\ndef over_seeds(") and "def interval" not in shown


# What the pages offer

def test_pages_offer_every_way_to_run_once_an_address_is_set(tmp_path):
    book = SmallBook(tmp_path)
    settings = (tmp_path / "term.yml").read_text()
    book.lessons(uses=notebook(SmallBook.USES))
    assert book.build()[0]
    page = book.page("lessons/uses")
    assert "notebooks/uses.ipynb" in page and "notebooks/lessons.zip" in page
    for word in ["mybinder", "colab.research", "JupyterHub"]:
        assert word not in page, f"{word} is offered, and no repository is named"
    changed = settings.replace('repository: ""', "repository: https://github.com/owner/course")
    changed = changed.replace('jupyterhub: ""', "jupyterhub: https://hub.example.org")
    assert changed.count("example.org") == changed.count("owner/course") == 1
    (tmp_path / "term.yml").write_text(changed)
    for command in [["init", "--quiet"], ["add", "code"],
                    ["-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-qm", "code"]]:
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=tmp_path, text=True,
                            capture_output=True).stdout.strip()
    succeeded, printed = book.build()
    assert succeeded, printed
    page = book.page("lessons/uses")
    for address in [
            "https://mybinder.org/v2/gh/owner/course/main?urlpath=lab/tree/lessons/uses.ipynb",
            "https://colab.research.google.com/github/owner/course/blob/notebooks/uses.ipynb",
            "https://hub.example.org/hub/user-redirect/git-pull?"]:
        assert address in page, f"the page does not link to {address}"
    alone = (tmp_path / "_build/html/notebooks/uses.ipynb").read_text()
    assert f"https://github.com/owner/course/archive/{commit}.zip" in alone
    assert get_code.digest_of(get_code.read_folder(tmp_path / "code")) in alone
    live = json.loads(re.search(r'id="live-code-settings">(.*?)</script>', page)[1])
    assert live["binder"] == {"binderUrl": "https://mybinder.org", "repoProvider": "github",
                              "repo": "owner/course", "ref": "main"}
    with zipfile.ZipFile(tmp_path / "_build/html/notebooks/lessons.zip") as together:
        assert {"course/lessons/uses.ipynb", "course/code/outer.py"} <= set(together.namelist())

    (tmp_path / "term.yml").write_text(changed.replace('students: ""', "students: https://github.com/owner/students"))
    succeeded, printed = book.build()
    assert succeeded, printed
    for path in (tmp_path / "_build/html").rglob("*.html"):
        assert "owner/course" not in path.read_text(encoding="utf8"), (
            f"{path.name} leads to the sources, which have all solutions")
    page = book.page("lessons/uses")
    for address in ["https://mybinder.org/v2/gh/owner/students/main?",
                    "https://colab.research.google.com/github/owner/students/blob/notebooks/uses.ipynb",
                    "git-pull?repo=https%3A//github.com/owner/students"]:
        assert html.escape(address) in page or address in page, f"the page does not link to {address}"
    alone = (tmp_path / "_build/html/notebooks/uses.ipynb").read_text()
    assert "owner/course" not in alone, "the notebook takes code/ from the sources"
    assert "https://github.com/owner/students/archive/main.zip" in alone, "the notebook names another archive of code/"


def test_a_lesson_that_reaches_for_code_in_another_way_fails_the_build_by_name(tmp_path):
    book = SmallBook(tmp_path)
    book.lessons(other=notebook('import sys\nsys.path.append("../code")\nimport outer'))
    succeeded, printed = book.build()
    assert not succeeded and "lessons/other cannot run alone: only one line may name code/" in printed


def test_the_notebooks_are_published_as_a_branch(tmp_path):
    course, origin = tmp_path / "course", tmp_path / "origin"
    for name in ["_ext", "tools"]:
        shutil.copytree(ROOT / name, course / name, ignore=shutil.ignore_patterns("__pycache__"))
    (course / ".gitignore").write_text("_build/\n")
    (course / "_build/html/notebooks").mkdir(parents=True)
    for name in ["a.ipynb", "b.ipynb", "lessons.zip"]:
        (course / "_build/html/notebooks" / name).write_text(name)

    def git(*arguments, cwd=course):
        return subprocess.run(["git", *arguments], cwd=cwd, check=True, text=True,
                              capture_output=True).stdout

    git("init", "--quiet", "--bare", str(origin))
    git("init", "--quiet")
    git("add", ".")
    git("-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet", "-m", "course")
    git("remote", "add", "origin", str(origin))
    for _ in range(2):
        subprocess.run([sys.executable, "tools/publish_notebooks.py"], cwd=course, check=True)
        (course / "_build/html/notebooks/a.ipynb").write_text("changed")
    assert git("ls-tree", "--name-only", "notebooks", cwd=origin).split() == ["a.ipynb", "b.ipynb"]
    assert git("show", "notebooks:a.ipynb", cwd=origin) == "changed"
    assert git("rev-list", "--count", "notebooks", cwd=origin).strip() == "1"
    assert not git("status", "--porcelain"), "the working folder was changed"


# On a Jupyter server

def start_jupyter(program, folder, *options):
    """Start Jupyter in `folder`; return the process and its address with the token."""
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyter", program, "--no-browser", "--allow-root", "--ip=127.0.0.1",
         "--port=0", "--IdentityProvider.token=secret", *options], cwd=folder, text=True,
        env={**kernel_environment(), "HOME": str(folder)}, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, start_new_session=True)
    printed = []
    for line in process.stderr:
        printed.append(line)
        if found := re.search(r"http://127\.0\.0\.1:\d+/", line):
            # its log is read on, or it would wait for a reader
            threading.Thread(target=process.stderr.read, daemon=True).start()
            return process, found[0]
    raise AssertionError("Jupyter did not start: " + "".join(printed))


@pytest.fixture
def jupyter(tmp_path):
    """A function that starts Jupyter, with these options, in a student's copy of the course."""
    running = []

    def start(program, *options):
        folder = copy_course(tmp_path / "course")
        process, address = start_jupyter(program, folder, *options)
        running.append(process)
        return folder, address

    yield start
    for process in running:
        process.terminate()
        process.wait()


def sessions(address):
    with urllib.request.urlopen(f"{address}api/sessions?token=secret") as answer:
        return json.load(answer)


def wait_until(happened, otherwise, seconds=60):
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, otherwise
        time.sleep(0.2)


def test_a_lesson_runs_from_top_to_bottom_in_jupyterlab(browser, jupyter):
    name = "did-it-help"
    folder, address = jupyter("lab")
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{address}lab/tree/lessons/{name}.ipynb?token=secret")
    page.locator(".jp-Notebook .jp-CodeCell").first.wait_for(timeout=60_000)
    wait_until(lambda: any(session["kernel"]["connections"] and session["kernel"]["execution_state"] == "idle"
                           for session in sessions(address)), "JupyterLab has no Python")
    page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for(timeout=60_000)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.locator(".jp-Notebook-ExecutionIndicator[data-status=busy]").wait_for(timeout=60_000)
    page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for(timeout=800_000)
    page.keyboard.press("Control+s")
    path = folder / f"lessons/{name}.ipynb"
    wait_until(lambda: claims_of(nbformat.read(path, as_version=4)), f"{name} made no claim in JupyterLab")
    executed = nbformat.read(path, as_version=4)
    page.close()
    for number, cell in enumerate((cell for cell in executed.cells if cell.cell_type == "code"), 1):
        errors = [output for output in cell.outputs if output.output_type == "error"]
        assert not errors, f"code cell {number} of {name}: {errors[0].ename}: {errors[0].evalue}"
        assert cell.execution_count == number, f"code cell {number} of {name} did not run"
    assert_claims_hold(executed, name)


@pytest.fixture(scope="session")
def thebe(tmp_path_factory):
    """The folder of thebe-core as npm has it."""
    if not os.environ.get("CI") and not shutil.which("npm"):
        pytest.skip("needs npm, for thebe")
    folder = tmp_path_factory.mktemp("thebe")
    name = re.search(r"/npm/([^/]+)/", live_code.THEBE)[1]
    packed = subprocess.run(["npm", "pack", "--silent", name], cwd=folder, text=True, check=True,
                            capture_output=True).stdout.strip()
    shutil.unpack_archive(folder / packed, folder, "gztar")
    return folder / "package"


@pytest.fixture
def live_page(open_page, thebe):
    """The page of a lesson whose button for live code was pressed; `page.wanted`: asked of the network."""
    page = open_page("lessons/cross-entropy.html")
    assert not page.troubles, f"before the button is pressed: {page.troubles}"
    page.wanted = []

    def answer(route):
        page.wanted.append(route.request.url)
        path = re.sub(r"^.*?/npm/[^/]+/", "", route.request.url)
        route.fulfill(path=thebe / path, headers={"Access-Control-Allow-Origin": "*"})

    page.route("https://cdn.jsdelivr.net/**", answer)

    def press(**changed):
        page.evaluate("""changed => {
            const settings = document.getElementById("live-code-settings")
            settings.textContent = JSON.stringify({...JSON.parse(settings.textContent), ...changed})
        }""", changed)
        page.get_by_role("button", name="Live code").click()
        page.panel = page.locator("section.live-code")
        page.panel.wait_for()

    page.press = press
    return page


def try_address(page, address, words):
    page.panel.get_by_role("textbox").fill(address)
    page.panel.get_by_role("button", name="Connect", exact=True).click()
    page.panel.get_by_role("status").get_by_text(words).wait_for(timeout=90_000)


def test_live_code_says_why_it_cannot_start(live_page, jupyter, tmp_path):
    live_page.press()
    try_address(live_page, "somewhere", "This is no address")
    try_address(live_page, "http://127.0.0.1:8/lab?token=secret",
                "No Jupyter server answers at http://127.0.0.1:8/")
    _, address = jupyter("server", "--ServerApp.allow_origin=*", f"--ServerApp.root_dir={tmp_path / 'course/code'}")
    try_address(live_page, f"{address}?token=wrong", "does not let this page in")
    assert not live_page.wanted, "thebe was loaded before a server answered"
    found = Axe().run(live_page)
    assert not found.violations_count, found.generate_report()[:3000]
    try_address(live_page, f"{address}?token=secret", "does not have lessons/cross-entropy.ipynb")
    live_page.evaluate("delete window.thebeCore")
    live_page.route("https://cdn.jsdelivr.net/**", lambda route: route.fulfill(
        body="alert('another program')", headers={"Access-Control-Allow-Origin": "*"}))
    try_address(live_page, f"{address}?token=secret", "could not be loaded from")


def run_live(page):
    """Run the second cell and edit it: what runs, where, and after what."""
    status = page.panel.get_by_role("status")
    cells = page.locator("div.cell")
    cells.nth(1).get_by_role("button", name="Run cell 2").click()
    status.get_by_text("Cell 2 has run.").wait_for(timeout=180_000)
    figure = cells.nth(1).locator(".cell_output.live img")
    assert figure.get_attribute("alt"), "a figure without a description"
    code = cells.nth(1).locator(".cell_input pre")
    code.press("Control+Home")
    code.press_sequentially("import os; print(os.getcwd(), claims.__file__, 12 / 3)\n")
    code.press("Shift+Enter")
    cells.nth(1).get_by_text("4.0").wait_for(timeout=60_000)
    printed = cells.nth(1).locator(".cell_output").inner_text()
    assert "course/lessons " in printed and "code/claims.py" in printed
    code.press("Control+Home")
    code.press_sequentially("1 / 0\n")
    code.press("Shift+Enter")
    status.get_by_text("Cell 2 ended with an error.").wait_for(timeout=60_000)
    assert "ZeroDivisionError" in cells.nth(1).locator(".cell_output").inner_text()
    assert len(page.wanted) == 1, f"more of thebe than what is checked: {page.wanted}"


def test_cells_run_live_on_a_server_after_those_before_them(live_page, jupyter):
    live_page.press()
    _, address = jupyter("server", "--ServerApp.allow_origin=*")
    try_address(live_page, f"{address}lab?token=secret", "Connected.")
    run_live(live_page)
    live_page.panel.get_by_role("button", name="Disconnect").click()
    wait_until(lambda: not sessions(address), "the server's Python runs on")


def test_cells_run_live_on_binder(live_page, jupyter):
    _, address = jupyter("server", "--ServerApp.allow_origin=*")
    answers = iter([
        {"status": 503},
        {"body": 'data: {"phase": "failed", "message": "Could not resolve ref"}\n\n'},
        {"body": 'data: {"phase": "building", "message": "Step 1"}\n\ndata: '
         + json.dumps({"phase": "ready", "url": address, "token": "secret", "message": ""}) + "\n\n"}])
    live_page.route("https://binder.example.org/build/gh/owner/course/main*", lambda route: route.fulfill(
        **next(answers), content_type="text/event-stream", headers={"Access-Control-Allow-Origin": "*"}))
    live_page.press(binder={"binderUrl": "https://binder.example.org", "repoProvider": "github",
                            "repo": "owner/course", "ref": "main"})
    status = live_page.panel.get_by_role("status")
    for words in ["No server could be had: Lost connection to binder",
                  "No server could be had: Could not resolve ref", "Connected."]:
        live_page.panel.get_by_role("button", name="Start on Binder").click()
        status.get_by_text(words).wait_for(timeout=90_000)
    live_page.locator("div.cell").first.get_by_role("button", name="Run cell 1").wait_for()


# Binder and Colab

def versions(text):
    return dict(re.findall(r"^([\w.-]+)==([^\s;]+)", text, re.M))


def test_the_student_image_is_lean_and_of_the_locks_versions(tmp_path):
    image = (ROOT / ".binder/requirements.txt").read_text()
    lock = (ROOT / "requirements.lock").read_text()
    locked = {pin.groups() for pin in re.finditer(r"^([\w.-]+)==([^\s;]+)", lock, re.M)}
    pinned = set(versions(image).items())
    others = {(name, version) for name, version in pinned - locked if name != "nbgitpuller"}   # not of the course's
    assert not others, f"not of the lock's versions: {others}; see README.md"
    named = re.findall(r"^[\w-]+", (ROOT / ".binder/requirements.in").read_text(), re.M)
    assert set(named) <= set(versions(image)), "requirements.txt is not made from requirements.in"
    builders = {"jupyter-book", "sphinx", "pytest", "nbval", "playwright", "mini-racer", "zizmor"}
    assert not builders & set(versions(image)), "a student does not build the site"
    copy_course(tmp_path / "course")
    shown = subprocess.run(
        [sys.executable, "-m", "repo2docker", "--no-build", "--debug", str(tmp_path / "course")],
        text=True, capture_output=True)
    docker = shown.stdout + shown.stderr
    assert shown.returncode == 0, docker
    for line in ["RUN ./.binder/postBuild", 'pip install --no-cache-dir -r ".binder/requirements.txt"',
                 "environment.py-3.11"]:
        assert line.lower() in docker.replace("-2e", ".").replace("-2d", "-").lower(), (
            f"repo2docker's Dockerfile has no {line}")


def post_build(folder, home, path, **variables):
    """Run .binder/postBuild as Binder does."""
    return subprocess.run(["./.binder/postBuild"], cwd=folder, text=True, capture_output=True, env={
        "HOME": str(home), "PATH": f"{path}{os.pathsep}{os.environ['PATH']}", **variables})


def test_the_student_image_is_not_built_without_mnist(tmp_path):
    copy_course(tmp_path / "course")
    (tmp_path / "home").mkdir()
    tried = post_build(tmp_path / "course", tmp_path / "home", Path(sys.executable).parent,
                       https_proxy="http://127.0.0.1:9")
    assert tried.returncode and "MNIST could not be had" in tried.stderr, tried.stderr


def fresh_environment(folder, python, requirements):
    """Make a virtual environment with these requirements; return its programs' folder.

    Of `python`, such as python3.12, or of this Python where that one does not run.
    """
    if not shutil.which(python) or subprocess.run([python, "--version"], capture_output=True).returncode:
        python = sys.executable
    subprocess.run([python, "-m", "venv", folder], check=True)
    subprocess.run([folder / "bin/pip", "install", "--quiet", "--disable-pip-version-check",
                    "--requirement", requirements], check=True, cwd=ROOT)
    return folder / "bin"


def execute(programs, path, home):
    """Execute the notebook at `path` in the Python of `programs`; return it."""
    program = ("import nbformat, sys; from nbclient import NotebookClient\n"
               "notebook = nbformat.read(sys.argv[1], as_version=4)\n"
               "NotebookClient(notebook, timeout=900).execute(cwd='.')\n"
               "nbformat.write(notebook, sys.argv[1])")
    ran = subprocess.run([programs / "python", "-c", program, path.name], cwd=path.parent, text=True,
                         capture_output=True, env={"HOME": str(home), "PROGRESS": "0", "PATH": (
                             f"{programs}{os.pathsep}{os.environ['PATH']}"),
                             **{name: os.environ[name] for name in ["MNIST_NPZ"] if name in os.environ}})
    assert ran.returncode == 0, ran.stderr[-3000:]
    return nbformat.read(path, as_version=4)


@pytest.mark.long
def test_a_lesson_runs_in_the_students_image(tmp_path):
    programs = fresh_environment(tmp_path / "image", "python3.11", ".binder/requirements.txt")
    course, home = copy_course(tmp_path / "course"), tmp_path / "home"
    (home / ".keras/datasets").mkdir(parents=True)
    if Path(os.environ["MNIST_NPZ"]).is_file():   # stands for the download
        shutil.copy(os.environ["MNIST_NPZ"], home / ".keras/datasets/mnist.npz")
        built = post_build(course, home, programs)
        assert built.returncode == 0, built.stderr
        assert (tmp_path / "image/share/mnist.npz").exists(), "a JupyterHub's volume hides the home, and MNIST with it"
    assert_claims_hold(execute(programs, course / "lessons/did-it-help.ipynb", home), "did-it-help")


@pytest.mark.long
def test_a_lesson_runs_in_the_versions_of_colab(tmp_path, site):
    folder, address = site
    pack(folder / "course.zip")
    programs = fresh_environment(tmp_path / "colab", "python3.12", "tests/colab.txt")
    path = tmp_path / "content/did-it-help.ipynb"
    path.parent.mkdir()
    path.write_text(lone_notebook(lesson("did-it-help"), f"{address}/course.zip", DIGEST))
    (tmp_path / "home").mkdir()
    assert_claims_hold(execute(programs, path, tmp_path / "home"), "did-it-help")
