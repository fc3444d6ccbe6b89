"""What the build refuses and what it executes again, on a small book."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lesson_dependencies import read_lesson

ROOT = Path(__file__).parent.parent


def notebook(*cells):
    return json.dumps({
        "cells": [{"cell_type": "markdown", "id": "m0", "metadata": {}, "source": "# A lesson"}] + [
            {"cell_type": "code", "id": f"c{i}", "metadata": {}, "source": cell,
             "execution_count": None, "outputs": []} for i, cell in enumerate(cells)],
        "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python",
                                    "name": "python3"}},
        "nbformat": 4, "nbformat_minor": 5})


USES = 'import sys; sys.path.insert(0, "../code")\nimport outer\nprint(outer.answer)'


def executed(printed):
    """Return the lessons that a build says it executed, in the order of their ends."""
    return re.findall(r"lessons/(\w+): executed in", printed)


class Book:
    def __init__(self, folder):
        self.folder = folder
        for name in ["_config.yml", "references.bib", "requirements.lock"]:
            shutil.copy(ROOT / name, folder)
        for name in ["_ext", "_static"]:
            shutil.copytree(ROOT / name, folder / name)
        self.write("code/mnist.py", 'print("MNIST")')
        self.write("code/inner.py", "answer = 41")
        self.write("code/outer.py", "from inner import answer")
        self.write("_toc.yml", "format: jb-book\nroot: index\nchapters:\n"
                   "- file: lessons/uses\n- file: lessons/alone\n")
        self.write("index.md", "# The book\n")
        self.write("lessons/uses.ipynb", notebook(USES))
        self.write("lessons/alone.ipynb", notebook("print(1 + 1)"))
        self.write(".pytest_cache/README.md", "# What make test leaves behind is no page")

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf8")

    def start(self):
        """Start to build; return the running process."""
        return subprocess.Popen(
            [Path(sys.executable).with_name("jupyter-book"), "build", "--warningiserror",
             "--nitpick", "--keep-going", "."], cwd=self.folder, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={name: value for name, value in os.environ.items() if name != "COURSE_DATA"})

    def build(self):
        """Build; return whether it succeeded and what it printed."""
        running = self.start()
        printed, _ = running.communicate()
        return running.returncode == 0, printed

    def executes(self):
        """Build; return the names of the lessons that were executed."""
        succeeded, printed = self.build()
        assert succeeded, printed
        return set(executed(printed))


@pytest.fixture
def book(tmp_path):
    return Book(tmp_path)


@pytest.mark.parametrize("name, text, cause", [
    ("lessons/uses.ipynb", notebook("x = 1", "1 / 0"), "lessons/uses, code cell 2"),
    ("lessons/uses.ipynb", notebook("import sys; print('a notice', file=sys.stderr)"),
     "lessons/uses, code cell 1 wrote a notice"),
    ("lessons/uses.ipynb", notebook("print('WARNING:tensorflow: look here')"),
     "lessons/uses, code cell 1 wrote a notice"),
    ("index.md", "# The book\n\n[](nowhere.md)\n", "nowhere.md"),
    ("_toc.yml", "format: jb-book\nroot: index\nchapters:\n- file: lessons/missing\n",
     "lessons/missing"),
    ("lessons/extra.md", "# A page that no toc names\n", "lessons/extra"),
], ids=["a failing cell", "a notice", "a warning on stdout", "a broken reference", "a missing page", "a page without a toc entry"])
def test_what_is_broken_fails_the_build_by_name(book, name, text, cause):
    book.write(name, text)
    succeeded, printed = book.build()
    assert not succeeded, f"the build let pass: {name}"
    assert cause in printed, f"the build does not name {cause}: {printed}"


def test_a_build_executes_what_changed_and_only_that(book):
    assert book.executes() == {"uses", "alone"}
    assert book.executes() == set(), "nothing changed, and lessons were executed"
    book.write("index.md", "# The same book\n")
    book.write("lessons/uses.ipynb", notebook(USES).replace("# A lesson", "# Other prose"))
    assert book.executes() == set(), "prose changed, and lessons were executed"
    book.write("code/inner.py", "answer = 42")
    assert book.executes() == {"uses"}, "a file that another imports changed"
    assert "42" in (book.folder / "_build/html/lessons/uses.html").read_text(encoding="utf8")
    book.write("lessons/alone.ipynb", notebook("print(2 + 2)"))
    assert book.executes() == {"alone"}, "a lesson's cell changed"
    book.write("requirements.lock", "# another lock\n")
    assert book.executes() == {"uses", "alone"}, "the lock changed"
    book.write("code/mnist.py", 'print("stand-in")')
    assert book.executes() == {"uses", "alone"}, "the data changed"


def test_another_python_executes_a_lesson_again(monkeypatch):
    lesson = notebook("1 + 1")
    before = read_lesson(lesson)
    assert read_lesson(lesson) == before
    monkeypatch.setattr("platform.python_version", lambda: "3.99.0")
    assert read_lesson(lesson).metadata.kernelspec != before.metadata.kernelspec, (
        "the outputs of one Python would be published as those of another")


def test_pages_take_nothing_from_the_network(book):
    book.write("index.md", "# The book\n\n$x^2$\n\n```{tableofcontents}\n```\n")
    assert book.executes()
    for page in (book.folder / "_build/html").rglob("*.html"):
        html = page.read_text(encoding="utf8")
        loaded = re.findall(r"<(?:script|link|img|iframe)\b[^>]*?(?:src|href)=\"([^\"]+)", html)
        remote = [address for address in loaded if re.match("(https?:)?//", address)]
        assert not remote, f"{page.name} loads {remote}"
    mathematics = (book.folder / "_build/html/index.html").read_text(encoding="utf8")
    assert "_static/tex-svg-full.js" in mathematics, "the page does not load its own MathJax"
    assert (book.folder / "_build/html/_static/tex-svg-full.js").stat().st_size > 1e6


def test_results_show_each_claim_and_lead_to_its_cell(book):
    book.write("code/claims.py", (ROOT / "code/claims.py").read_text(encoding="utf8"))
    book.write("code/mnist.py", 'source = "MNIST"\nprint("MNIST")')
    claim = ('import sys; sys.path.insert(0, "../code")\nimport claims\n'
             'claims.claim("two is more than {0}", 2, at_least={0}, lecture="2.5")')
    book.write("lessons/alone.ipynb", notebook("x = 1", claim.format(1)))
    book.write("results.md", "# Results\n\n```{claims}\n```\n")
    book.write("_toc.yml", (book.folder / "_toc.yml").read_text() + "- file: results\n")
    assert book.executes()
    page = (book.folder / "_build/html/results.html").read_text(encoding="utf8")
    row = re.search('<tr[^>]*>(?:(?!<tr).)*two is more than 1.*?</tr>', page, re.S).group()
    assert re.findall("<p>(?:<a.*?>)?(.*?)(?:</a>)?</p>", row) == [
        "two is more than 1", "2", "at least 1", "2.5", "holds"]
    target = re.search('href="lessons/alone.html#(.*?)"', row).group(1)
    lesson = (book.folder / "_build/html/lessons/alone.html").read_text(encoding="utf8")
    assert "at_least" in lesson.split(f'id="{target}"')[1].split("</pre>")[0]
    book.write("lessons/alone.ipynb", notebook("x = 1", claim.format(0)))
    assert book.executes() == {"alone"}
    page = (book.folder / "_build/html/results.html").read_text(encoding="utf8")
    assert "two is more than 0" in page, "the results are those of an earlier build"


def test_a_damaged_cache_is_made_anew_with_a_notice(book):
    book.build()
    (book.folder / "_build/.jupyter_cache/global.db").write_bytes(b"no database")
    book.write("index.md", "# The same book\n")
    succeeded, printed = book.build()
    assert succeeded, printed
    assert "starting a new one" in printed, "the cache was renewed without a notice"


def test_an_interrupted_build_goes_on_where_it_was(book):
    slow = 'import os, time\ntime.sleep(0 if os.path.exists("go") else 100)'
    book.write("lessons/uses.ipynb", notebook(slow))
    running = book.start()
    for line in running.stdout:
        if executed(line) == ["alone"]:
            break
    running.kill()
    running.communicate()
    book.write("lessons/go", "")
    assert book.executes() == {"uses"}, "a lesson was finished before the build was interrupted"


def test_two_builds_at_once_execute_each_lesson_once(book):
    running = [book.start(), book.start()]
    printed = [build.communicate()[0] for build in running]
    assert [build.returncode for build in running] == [0, 0], printed
    assert sorted(executed("".join(printed))) == ["alone", "uses"], printed
    assert book.executes() == set(), "the two have spoilt the cache"
