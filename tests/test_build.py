"""What the build refuses and what it executes again, on a small book."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import joblib
import nbformat
import pytest

import lesson_dependencies
import lesson_execution
from book import SmallBook, executed, notebook
from lesson_dependencies import read_lesson
from typesetting import typeset

ROOT = Path(__file__).parent.parent


CLAIM = ('import sys; sys.path.insert(0, "../code")\nimport claims\n'
         'claims.claim({sentence!r}, 2, at_least={bound}, lecture="2.5")')


class Book(SmallBook):
    """The small book with claims, among files that are no pages."""

    def __init__(self, folder):
        super().__init__(folder)
        self.copy("code/claims.py")
        for name in [".pytest_cache/README.md", "env/x/site-packages/pkg/README.md", "venv/a.md",
                     "lessons/._uses.md", "lessons/.#uses.md", "lessons/uses.md~",
                     "lessons/.ipynb_checkpoints/uses-checkpoint.ipynb"]:
            self.write(name, "# What programs leave behind is no page")

    def add_results(self):
        self.write("results.md", "# Results\n\n```{evidence}\n```\n\n```{evidence-tables}\n```\n\n"
                   "```{claims}\n```\n")
        self.write("_toc.yml", (self.folder / "_toc.yml").read_text() + "- file: results\n")


@pytest.fixture
def book(tmp_path):
    return Book(tmp_path)


# What fails

def test_lessons_that_fail_are_named_with_the_cell_and_others_keep_their_results(book):
    failing_claim = CLAIM.format(sentence="two is more than three", bound=3)
    book.lessons(
        error=notebook("x = 1", "1 / 0"),
        notice=notebook("import sys; print('a notice', file=sys.stderr)"),
        warning=notebook("print('WARNING:tensorflow: look here')"),
        dead=notebook("x = 1", "import os; os._exit(1)"),
        allowed=notebook(failing_claim, metadata={"execution": {"allow_errors": True}}),
        expected=notebook(failing_claim, tags=["raises-exception"]),
        good=notebook("import time; time.sleep(4)"))
    succeeded, printed = book.build()
    assert not succeeded
    for cause in ["error, code cell 2: ZeroDivisionError: division by zero",
                  "notice, code cell 1 wrote a notice", "warning, code cell 1 wrote a notice",
                  "dead, code cell 2: the kernel died",
                  "allowed, code cell 1: ClaimFailed: does not hold: two is more than three",
                  "expected, code cell 1: ClaimFailed: does not hold: two is more than three"]:
        assert f"\nlessons/{cause}" in printed, f"the build does not name {cause}: {printed}"
    book.lessons(good=notebook("import time; time.sleep(4)"))
    assert book.executes() == set(), "a lesson that was finished lost its results"


def test_pages_that_are_broken_fail_the_build_by_name(book):
    book.write("index.md", "# The book\n\n[](nowhere.md)\n")
    book.write("lessons/extra.md", "# A page that no toc names\n")
    book.write("_toc.yml", (book.folder / "_toc.yml").read_text() + "- file: lessons/missing\n")
    succeeded, printed = book.build()
    assert not succeeded
    for cause in [r"index.md.*nowhere.md", r"lessons/extra.md.*toc", r"lessons/missing"]:
        assert re.search(f"{cause}.*", printed), f"the build does not name {cause}: {printed}"


def test_a_file_that_is_no_notebook_fails_the_build_in_one_line(book):
    lines = json.dumps(json.loads(notebook("1 + 1")), indent=1).splitlines()
    book.lessons(merged="\n".join([*lines[:3], "<<<<<<< HEAD", *lines[3:]]))
    succeeded, printed = book.build()
    assert not succeeded
    assert printed.strip().splitlines()[-1] == (
        "lessons/merged is no notebook: line 4 is no JSON: <<<<<<< HEAD")


# What is executed again

def test_a_build_executes_what_changed_and_only_that(book):
    assert book.executes() == {"uses", "alone"}
    succeeded, printed = book.build()
    assert succeeded and not executed(printed), "nothing changed, and lessons were executed"
    assert "0 added, 0 changed, 0 removed" in printed, "nothing changed, and pages were read"
    book.write("index.md", "# The same book\n")
    edited = json.loads(notebook(SmallBook.USES).replace("# A lesson", "# Other prose"))
    edited["cells"][1]["metadata"] = {"scrolled": True, "tags": ["hide-input"]}
    assert "above-input" not in book.page("lessons/uses")
    book.write("lessons/uses.ipynb", json.dumps(edited))
    assert book.executes() == set(), "prose and looks changed, and lessons were executed"
    assert "above-input" in book.page("lessons/uses"), "a changed tag does not show on the page"
    book.write("code/inner.py", "answer = 42")
    book.write("lessons/alone.ipynb", notebook("print(2 + 2)"))
    assert book.executes() == {"uses", "alone"}, "a file that another imports, and a cell, changed"
    assert "42" in book.page("lessons/uses")
    assert "scikit-learn" not in book.page("index"), "MNIST may be mistaken for the stand-in"


@pytest.fixture
def reaches(tmp_path, monkeypatch):
    """Return a function: the files that a lesson of one cell reaches in a folder of many."""
    for name in ["code/a.py", "code/a.csv", "code/b.py", "code/apart.py", "code/style.mplstyle",
                 "code/pkg/__init__.py", "code/pkg/deep.py", "code/pkg/table.csv", "lessons/near.py",
                 "lessons/near.csv", "lessons/other.md", "data/far.csv", "requirements.lock",
                 "code/__pycache__/a.pyc", "code/.a.py.swp", "code/pkg/__pycache__/deep.pyc",
                 "code/pkg/.deep.py.swp"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "code/a.py").write_text("\ufeffimport b\n", encoding="utf8")
    (tmp_path / "code/pkg/deep.py").write_text("from . import table\nopen('style.mplstyle')\n")
    monkeypatch.setattr(lesson_dependencies, "ROOT", tmp_path)
    monkeypatch.setattr(lesson_dependencies, "FOLDERS", [tmp_path / "code", tmp_path / "lessons"])

    def reached(*cells, **code):
        for name, text in code.items():
            (tmp_path / f"code/{name}.py").write_text(text)
        lesson = nbformat.reads(notebook(*cells), as_version=4)
        return {path.relative_to(tmp_path).as_posix()
                for path in lesson_dependencies.reached_files(lesson)}

    return reached


PACKAGE = {"code/pkg/__init__.py", "code/pkg/deep.py", "code/pkg/table.csv", "code/style.mplstyle"}


@pytest.mark.parametrize("cell, files", [
    ("1 + 1", set()),
    ("import sys; sys.path.insert(0, '../code')\nimport numpy", set()),
    ("# a comment on a.py", set()),
    ("model.compile(optimizer='sgd'); model.evaluate(x)", set()),
    ("import a", {"code/a.py", "code/b.py"}),
    ("import numpy, apart as x", {"code/apart.py"}),
    ("from a import *", {"code/a.py", "code/b.py"}),
    ("def later():\n    from apart import x", {"code/apart.py"}),
    ("import pkg", PACKAGE),
    ("import pkg.deep as x", PACKAGE),
    ("from pkg.deep import x", PACKAGE),
    ("open('a.csv')", {"code/a.csv"}),
    ("plt.style.use(folder / 'style.mplstyle')", {"code/style.mplstyle"}),
    ("open('somewhere/pkg/table.csv')", PACKAGE),
    (r"open('..\\x\\apart.py')", {"code/apart.py"}),
    ("Path(__file__).with_name('a.csv')", {"code/a.csv"}),
    ("import near", {"lessons/near.py"}),
    ("code = open('../lessons/near.csv')", {"lessons/near.csv"}),
    ("open('near.csv'); open('other.md')", {"lessons/near.csv", "lessons/other.md"}),
    ("open('../data/far.csv')", {"data/far.csv"}),
    ("\ufeffimport apart", {"code/apart.py"}),
])
def test_a_lesson_depends_on_what_it_imports_or_names(reaches, cell, files):
    assert reaches(cell) == files


@pytest.mark.parametrize("cell", [
    "x = = 1", "%run a.py --fast", "%run -i a", "%load a.py", "%matplotlib inline", "!python a.py",
    "x = !cat a.csv", "%%bash\ncat ../code/*", "%%writefile x.py\n1", "a?", "exec(text)", "eval(text)",
    "__import__(name)", "import importlib", "from importlib import import_module as load",
    "import subprocess", "os.system(command)", "os.popen(command)", "runpy.run_path(path)",
    "open(f'../code/{name}.py')", "Path('..') / 'code' / name", "open('../code/' + name)",
    "sys.path.insert(0, '../code/pkg')", "folder = '../code'", "os.listdir('..')",
    "list(Path('..').rglob('*.py'))", "import glob", "get_ipython().run_line_magic('run', name)",
    "with open(__file__) as file: pass", "from os import system as run", "open(name + '.csv')",
    "Path(__file__).with_name('a' + name)", "open(sys.path[0] + name)", "sys.path[:0] = [folder]",
    "os.chdir(folder); open(name)", "open(os.path.join(pkg.__path__[0], name))",
])
def test_a_lesson_depends_on_everything_when_in_doubt(reaches, cell):
    everything = reaches("x = = 1")
    assert {"code/a.py", "code/a.csv", "code/apart.py", "code/style.mplstyle", "lessons/near.py",
            *PACKAGE} <= everything
    assert not {"code/__pycache__/a.pyc", "code/.a.py.swp", "lessons/other.md"} & everything
    assert reaches("1 + 1", cell) == everything
    assert reaches("import apart", apart=cell) == everything, "not through a file of code/"


def test_a_lesson_depends_on_the_matplotlibrc_beside_it(reaches):
    (lesson_dependencies.ROOT / "lessons/matplotlibrc").touch()
    assert reaches("1 + 1") == {"lessons/matplotlibrc"}


def cache_key(lesson):
    return lesson_execution.get_cache("unused").create_hashed_notebook(read_lesson(lesson))[1]


PLAIN = notebook("1 + 1", "2 + 2")


def edited(change):
    lesson = json.loads(PLAIN)
    change(lesson, lesson["cells"][1])
    return json.dumps(lesson)


@pytest.mark.parametrize("change", [
    lambda lesson, cell: cell["metadata"].update(scrolled=True, collapsed=False),
    lambda lesson, cell: cell["metadata"].update(jupyter={"source_hidden": True}),
    lambda lesson, cell: cell["metadata"].update(vscode={"languageId": "python"}, id="yWp", colab={}),
    lambda lesson, cell: cell["metadata"].update(execution={"iopub.status.busy": "2026"}),
    lambda lesson, cell: cell["metadata"].update(tags=["hide-input", "nbval-ignore-output"]),
    lambda lesson, cell: cell["metadata"].update(mystnb={"figure": {"caption": "L2 gains."}}),
    lambda lesson, cell: cell.update(execution_count=7, outputs=[
        {"output_type": "stream", "name": "stdout", "text": "2"}]),
    lambda lesson, cell: cell.update(source=["1 ", "+ 1"]),
    lambda lesson, cell: lesson["metadata"]["kernelspec"].update(name="ir", display_name="My R"),
    lambda lesson, cell: lesson["metadata"].clear(),
    lambda lesson, cell: lesson["metadata"].update(language_info={"version": "3.9"}, vscode={}),
    lambda lesson, cell: lesson.update(nbformat_minor=0),
    lambda lesson, cell: (lesson.update(nbformat_minor=5), [
        other.update(id=f"cell{index}") for index, other in enumerate(lesson["cells"])]),
    lambda lesson, cell: lesson["cells"].insert(1, lesson["cells"][0]),
])
def test_what_only_editors_and_pages_use_executes_nothing(change):
    assert cache_key(edited(change)) == cache_key("\ufeff" + PLAIN)


@pytest.mark.parametrize("change", [
    lambda lesson, cell: cell.update(source="1 + 2"),
    lambda lesson, cell: cell["metadata"].update(tags=["raises-exception"]),
    lambda lesson, cell: cell["metadata"].update(tags=["hide-input", "skip-execution"]),
    lambda lesson, cell: cell.update(cell_type="raw"),
    lambda lesson, cell: lesson["cells"].append(cell),
    lambda lesson, cell: lesson["cells"].reverse(),
])
def test_what_changes_the_outputs_executes_a_lesson_again(change):
    assert cache_key(edited(change)) != cache_key(PLAIN)


@pytest.mark.parametrize("target, value", [
    ("platform.python_version", lambda: "3.99.0"),
    ("lesson_dependencies.SETTINGS", {"TZ": "elsewhere"}),
    ("lesson_dependencies.os.environ", {"COURSE_DATA": "stand-in"}),
], ids=["another Python", "other settings", "other data"])
def test_another_machine_executes_a_lesson_again(monkeypatch, target, value):
    monkeypatch.setenv("COURSE_DATA", "MNIST")
    before = cache_key(PLAIN)
    monkeypatch.setattr(target, value)
    assert cache_key(PLAIN) != before


def test_another_lock_executes_a_lesson_again(reaches):
    before = cache_key(PLAIN)
    (lesson_dependencies.ROOT / "requirements.lock").write_text("# another\n")
    assert cache_key(PLAIN) != before


def test_the_lesson_that_took_longest_is_executed_first(tmp_path):
    cache = lesson_execution.open_cache(tmp_path)
    lessons = {name: read_lesson(notebook(cell)) for name, cell in {
        "short": "1 + 1 + 1 + 1", "long": "1", "new": "2", "new and long": "2 + 2"}.items()}
    for name, seconds in [("short", 1), ("long", 50)]:
        lesson_execution.store(cache, name, read_lesson(notebook(f"{name}, older")), seconds)
    texts = {name: notebook("") for name in lessons}
    assert lesson_execution.longest_first(cache, lessons, texts) == ["new and long", "new", "long", "short"]
    stored = nbformat.reads(texts["new"], as_version=4)
    stored.metadata["execution_seconds"] = 10   # as on a fresh clone
    texts["new"] = nbformat.writes(stored)
    assert lesson_execution.longest_first(cache, lessons, texts) == ["new and long", "long", "new", "short"]


# The cache

def test_a_broken_cache_heals_in_one_build(book):
    book.lessons(uses=notebook(CLAIM.format(sentence="two is more than one", bound=1)),
                 alone=notebook("import time; print(f'{time.time_ns()} ns')"), other=notebook("print(3)"))
    book.add_results()
    assert book.executes() == {"uses", "alone", "other"}
    cache = book.folder / "_build/.jupyter_cache"
    uses, alone = (next(path for path in cache.rglob("base.ipynb") if text in path.read_text())
                   for text in ["claims", "time_ns"])
    uses.write_text(uses.read_text()[:300])
    alone.unlink()
    assert book.executes() == {"uses", "alone"}, "damaged outputs were taken for whole ones"
    measured = re.search(r"\d+ ns", alone.read_text()).group()
    assert measured in book.page("lessons/alone"), "the page shows the outputs of another execution"
    (cache / "global.db").write_bytes(b"no database")
    succeeded, printed = book.build()
    assert succeeded and "starting a new one" in printed, printed
    assert set(executed(printed)) == {"uses", "alone", "other"}
    assert "two is more than one" in book.page("results")


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


# The pages

SENTENCE = """two | 2 *is* **more** than $1$ -- `one` "or" it's <b>[so](x.md)</b> \\| a_b_c"""


def test_results_show_each_claim_as_printed_and_lead_to_its_cell(book):
    book.write("index.md", "# The book\n\n$x^2$\n\n```{tableofcontents}\n```\n")
    book.lessons(uses=notebook("x = 1", CLAIM.format(sentence=SENTENCE, bound=1e-6)))
    book.add_results()
    assert book.executes()
    page = book.page("results")
    row = re.search("<tbody>.*?</tr>", page, re.S).group()
    shown = re.findall("<p>(?:<a.*?>)?(.*?)(?:</a>)?</p>", row)
    assert [re.sub("&(lt|gt|amp|quot|#x27|#39);", lambda match: {
        "lt": "<", "gt": ">", "amp": "&", "quot": '"'}.get(match.group(1), "'"), cell)
        for cell in shown] == [SENTENCE, "2", "at least 10⁻⁶", "2.5", "holds"]
    target = re.search('href="lessons/uses.html#(.*?)"', row).group(1)
    lesson = book.page("lessons/uses")
    assert "at_least" in lesson.split(f'id="{target}"')[1].split("</pre>")[0]
    assert re.search('href="lessons/uses.html"[^>]*><[^>]*>A lesson<', page.split("<article")[1])
    for path in (book.folder / "_build/html").rglob("*.html"):
        loaded = re.findall(r"<(?:script|link|img|iframe)\b[^>]*?(?:src|href)=\"([^\"]+)",
                            path.read_text(encoding="utf8"))
        remote = [address for address in loaded if re.match("(https?:)?//", address)]
        assert not remote, f"{path.name} loads {remote}"
    book.write("lessons/uses.ipynb", notebook(CLAIM.format(sentence="another", bound=0)))
    assert book.executes() == {"uses"}
    assert "another" in book.page("results"), "the results are those of an earlier build"


EVIDENCE = """from IPython.display import display
runs = [["plain <b>", [0.6, 0.62, 0.64]], ["L2", [0.7, 0.74, 0.72]]]
for quantity in ["test accuracy (fraction correct)", "cost"]:
    display({"text/plain": "a figure"}, raw=True, metadata={"evidence": {
        "quantity": quantity, "reference": "plain <b>", "lecture": {"L2": 0.78}, "data": "MNIST",
        "runs": runs if quantity != "cost" else [["none", [1, 2, 3]]]}})"""


def test_results_draw_and_list_every_run_of_test_accuracy(book):
    book.lessons(alone=notebook(EVIDENCE))
    book.add_results()
    assert book.executes()
    page = book.page("results")
    cells = re.findall(r"<td><p>(.*?)</p></td>", page)
    assert cells == [typeset(cell) for cell in [
                     "plain &lt;b&gt;", "0.620 ± 0.020", "", "3", "",
                     "L2", "0.720 ± 0.020", "+0.100 ± 0.050 over plain &lt;b&gt;", "3", "0.78"]]
    picture = re.search('<svg class="evidence".*?</svg>', page, re.S).group()
    assert picture.count("<circle") == 6 and picture.count('class="lecture"') == 1
    assert re.findall("<text x.*?>(.*?)<", picture) == ["plain &lt;b&gt;", "L2"]
    assert 'aria-label="Test accuracy of every run' in picture


def test_claims_are_cards_that_say_what_the_record_says(book):
    book.write("results.md", "# Results\n\n" + "".join(
        f"## {kind}\n\n```{{claim-cards}} {kind}\n```\n\n"
        for kind in ["the-lecture-holds", "the-lecture-corrected", "the-courses-own"]))
    book.lessons(uses=notebook("1", CLAIM.format(sentence="it is <high>", bound=1)
                               + "\nclaims.claim('it is low', 0.5, at_most=1, lecture='2e-1', agrees=False)"
                               + "\nclaims.claim('it is 3', 3, equals=3)\nprint('holds: no claim')"
                               + "\nclaims.claim('it is tiny', -8.86e-05, at_least=-1e-3)"
                               + "\nclaims.claim('it is nothing', 0.0, at_most=1e-6)"
                               + "\nclaims.mnist.source = 'the stand-in'"
                               + "\nclaims.claim('it is open', 0, at_least=1, data='MNIST')"))
    book.write("_toc.yml", (book.folder / "_toc.yml").read_text() + "- file: results\n")
    assert book.executes()
    for page, sections in [("lessons/uses", 1), ("results", 3)]:
        parts = book.page(page).split("<h2")[-sections:] if sections > 1 else [book.page(page)] * 3
        for part, sentence, value, words in zip(
                [*parts, *parts[2:] * 2],
                ["it is &lt;high&gt;", "it is low", "it is 3", "it is tiny", "it is nothing"],
                ["2", "0.5", "3", "−8.86\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}10⁻⁵", "0"],
                ["measured, needs at least 1.", "measured, needs at most 1.", "needs exactly 3.",
                 "needs at least −0.001.", "needs at most 10⁻⁶."]):
            card = next((card for card in part.split('class="claim holds')[1:] if sentence in card), "")
            assert card, f"{page}: no card says that {sentence}"
            card = card.split("</div>")[0]
            assert f"<strong>{value}</strong>" in card and words in card, card
            assert ("<svg" in card) == (value != "3"), "a ruler for a range, none for an equality"
            assert not re.search(r">-\d|\de-\d", card), f"a number as programs write it: {card}"
    assert "holds: no claim" in book.page("lessons/uses"), "a line of text is no claim"
    place, = re.findall(r'<circle cx="([\d.]+)', book.page("results").split("it is low")[1].split("</svg>")[0])
    low, = re.findall(r'<rect x="([\d.]+)', book.page("results").split("it is low")[1].split("</svg>")[0])
    assert float(low) < float(place) < 272, "the measurement lies outside of what is allowed"
    assert float(place) == 150, f"0.5 is in the middle between 0 and the bound 1, and drawn at {place} of 300"
    for page in ["lessons/uses", "results"]:
        said = re.findall(r'class="claim (\w+)[^>]*>\s*<p class="verdict">(.*?)</p>\s*<p class="sentence">(?:<a .*?>)?'
                          "it is open<", book.page(page))
        assert said == [("open", "left open on the stand-in")], f"{page}: a card says of what is left open: {said}"


def test_lessons_say_their_place_and_lead_from_the_cards(book):
    book.write("index.md", "# The book\n\n```{lesson-cards}\n```\n")
    first, second = (json.loads(notebook(CLAIM.format(sentence=name, bound=1))) for name in "ab")
    first["cells"][0]["source"] = "# First\n\nWhat is it?\n\n*Reading takes about 7 minutes*"
    book.lessons(first=json.dumps(first), second=json.dumps(second))
    assert book.executes()
    card = book.page("index").split('class="lesson-card ')[1].split("</div>")[0]
    assert re.findall(r">([^<>\n]+)<", card) == [
        "First", "What is it?", "Lesson 1 · 7 minutes · claims checked:\N{NO-BREAK SPACE}1"]
    assert "Lesson 2 of 2 · claims that hold:\N{NO-BREAK SPACE}1 of 1" in book.page("lessons/second")
    book.write("_toc.yml", "format: jb-book\nroot: index\nchapters:\n- file: lessons/second\n"
               "- file: lessons/first\n")
    assert book.executes() == set()
    assert "Lesson 1 of 2" in book.page("lessons/second"), "the place is that of an earlier order"


def test_a_page_quotes_what_was_measured_for_a_claim(book):
    book.write("index.md", "# The book\n\nIt is {claim}`uses: two is at least`.\n")
    book.lessons(uses=notebook("1", CLAIM.format(sentence="two is at least one", bound=1e-6)))
    assert book.executes()
    assert re.search(r"It is <a.*?\.</p>", book.page("index"))[0] == (
        'It is <a class="reference internal" href="lessons/uses.html#cell-2">measured 2, needs at least 10⁻⁶</a>.</p>')
    book.write("index.md", "# The book\n\nIt is {claim}`uses: three is`.\n")
    succeeded, printed = book.build()
    assert not succeeded and "0 claims of lessons/uses begin with 'three is'" in printed


def test_formulas_are_drawn_in_the_build_or_fail_it(book):
    book.write("index.md", "# The book\n\nSmall: $w_u$.\n\n$$\na &= \\frac{b}{c} \\\\ d &= e\n$$ (eq-two)\n"
               "\nSee {eq}`eq-two`.\n")
    assert book.executes()
    page = book.page("index")
    assert not re.search('<script[^>]*(mathjax|tex-)', page, re.I), "the page loads MathJax"
    glyphs = set(re.findall('<path id="([^"]+)"', page))
    used = re.findall('<use [^>]*href="#([^"]+)"', page)
    assert len(used) == 9 and set(used) <= glyphs, "letters are missing from the drawn formulas"
    assert page.count("<math") == 2 and "<mfrac>" in page, "a formula has no words for screen readers"
    book.write("index.md", "# The book\n\nBroken: $\\frac{1$.\n")
    succeeded, printed = book.build()
    assert not succeeded and re.search(r"index.md:3: .*in the formula: \\frac\{1", printed), printed


def test_a_changed_style_reaches_the_pages_though_nothing_else_changed(book):
    book.write("_static/look/look.css", "p { color: red }")
    assert book.executes()
    before = re.search(r"look\.css\?v=\w+", book.page("index")).group()
    book.write("_static/look/look.css", "p { color: green }")
    assert book.executes() == set()
    assert before not in book.page("index"), "browsers would keep the old style"
    assert "green" in (book.folder / "_build/html/_static/look/look.css").read_text()


@pytest.mark.parametrize("name, ending", [
    ("_ext/outside_links.py", "# another version"), ("_templates/layout.html", "{# another version #}")])
def test_what_makes_pages_makes_all_of_them_again_and_changed_prose_its_own_alone(book, name, ending):
    """Nobody should have to know which folders to delete."""
    book.write("index.md", "# The book\n\nWords.\n")
    book.write(".gitignore", "_build\n__pycache__\n")

    def commit():
        for arguments in [["init", "-q"], ["add", "--all"], ["-c", "user.name=a", "-c", "user.email=a@example.org",
                                                             "commit", "-qm", "A step"]]:
            subprocess.run(["git", *arguments], cwd=book.folder, check=True)

    commit()
    assert book.executes()
    site = book.folder / "_build/html"
    pages = ["index", "lessons/alone", "lessons/uses"]

    def written():
        before = [(site / f"{page}.html").stat().st_mtime_ns for page in pages]
        assert book.executes() == set()
        return [page for page, time in zip(pages, before) if (site / f"{page}.html").stat().st_mtime_ns != time]

    assert written() == [], "nothing changed, and pages were written"
    path = book.folder / name
    path.write_text(path.read_text(encoding="utf8") + f"\n{ending}\n", encoding="utf8")
    os.utime(path, (1e9, 1e9))   # as a checkout may leave it
    assert written() == pages, f"{name} changed, and pages are as it made them before"
    commit()
    assert written() == [], "another commit, and pages were written"
    book.write("index.md", "# The book\n\nOther words.\n")
    assert written() == ["index"]


def test_the_search_quotes_words_where_a_page_refers_to_something(book):
    book.write("index.md", "# The book\n\n$$\na = 1\n$$ (eq-one)\n\nBy {eq}`eq-one` of {cite:t}`spence2022`.\n")
    book.write("references.md", "# References\n\n```{bibliography}\n```\n")
    book.write("_toc.yml", (book.folder / "_toc.yml").read_text() + "- file: references\n")
    assert book.executes()
    texts = book.folder / "_build/html/_static/search-texts.js"
    assert "By (1) of Spence" in texts.read_text(encoding="utf8"), "a label or a key is quoted in the search"
    assert "spence2022" not in texts.read_text(encoding="utf8")
    book.write("lessons/alone.ipynb", notebook().replace("# A lesson", "# Other words\\n\\nOthers."))
    assert book.executes() == {"alone"}
    assert "Others." in texts.read_text(encoding="utf8"), "the search quotes what a page said before"
    assert "By (1) of Spence" in texts.read_text(encoding="utf8"), "a page that was not written again is lost"
    texts.unlink()
    assert book.executes() == set() and "By (1) of Spence" in texts.read_text(encoding="utf8")


def test_two_figures_that_call_different_runs_alike_fail_the_build(book):
    book.lessons(alone=notebook(EVIDENCE, EVIDENCE.replace("0.74, 0.72", "0.74, 0.71")))
    book.add_results()
    succeeded, printed = book.build()
    assert not succeeded
    assert "two figures of lessons/alone call different runs 'L2'" in printed
    fewer = EVIDENCE.replace(", 0.64]", "]").replace(", 0.72]", "]")
    book.lessons(alone=notebook(EVIDENCE, fewer))
    book.add_results()
    assert book.executes(), "the first seeds of known runs are not other runs"


def test_a_preview_executes_nothing_and_says_so(book):
    lesson = json.loads(notebook("print('from the kernel')"))
    lesson["cells"][1]["outputs"] = [
        {"output_type": "stream", "name": "stdout", "text": "as it was stored"}]
    book.lessons(uses=json.dumps(lesson))
    book.add_results()
    book.write("code/mnist.py", "raise SystemExit('a preview needs no data')")
    succeeded, printed = book.build("--path-output", "_build/preview", COURSE_PREVIEW="1")
    assert succeeded and not executed(printed), printed
    book.folder /= "_build/preview"
    assert "as it was stored" in book.page("lessons/uses")
    for page in ["lessons/uses", "results", "index"]:
        assert "A preview: nothing was executed" in book.page(page)
    assert "come with make book" in book.page("results")


def test_lessons_that_are_executed_at_once_share_the_cores(book):
    cores = joblib.cpu_count()
    source = "import joblib; print(joblib.cpu_count(), 'cores{}')"
    book.lessons(uses=notebook(source.format(" here")), alone=notebook(source.format(" there")))
    assert book.executes() == {"uses", "alone"}
    assert f"{max(1, cores // 2)} cores here" in book.page("lessons/uses")
    book.write("lessons/alone.ipynb", notebook(source.format(" alone")))
    assert book.executes() == {"alone"}
    assert f"{cores} cores alone" in book.page("lessons/alone")


# The user's set-up

SPOILT = """import os, sys, subprocess
print(*(f"{name}={value}" for name, value in os.environ.items()), sep="\\n")
print("home:", os.path.expanduser("~"))
print("spoilt:", globals().get("spoilt"), sys.flags.no_user_site, sys.warnoptions)
print("interpreter:", sys.executable, subprocess.run(["python", "-c", "import sys; print(sys.prefix)"],
      capture_output=True, text=True).stdout)"""


def test_the_users_set_up_stays_out_of_the_pages(tmp_path):
    hostile = tmp_path / "hostile"
    for name, text in {
            "kernels/python3/kernel.json": json.dumps(
                {"argv": ["/nowhere/python"], "display_name": "mine", "language": "python"}),
            "profile_default/startup/spoil.py": "spoilt = True",
            "json.py": "raise SystemExit('from PYTHONPATH')",
            "matplotlibrc": "backend: nonsense", "keras.json": '{"floatx": "float16"}'}.items():
        (hostile / name).parent.mkdir(parents=True, exist_ok=True)
        (hostile / name).write_text(text)
    folder = str(hostile)
    book = Book(tmp_path / "it's \"50%\" #1 ü")
    book.write("code/mnist.py", "print('stand-in')")
    book.lessons(
        uses="\ufeff" + notebook(SPOILT, metadata={"kernelspec": {"name": "nowhere"}}),
        alone=edited(lambda lesson, cell: (lesson.update(nbformat_minor=0, metadata={}))),
        writes=notebook("print(open('beside.txt', 'w').write('what changes its own dependencies'))"))
    variables = {
        "HOME": "/dev/null", "IPYTHONDIR": folder, "JUPYTER_PATH": folder,
        "JUPYTER_CONFIG_DIR": folder, "JUPYTER_DATA_DIR": folder, "KERAS_BACKEND": "torch",
        "KERAS_HOME": folder, "MATPLOTLIBRC": folder, "MPLCONFIGDIR": folder, "MPLBACKEND": "nonsense",
        "PYTHONWARNINGS": "always", "PYTHONSTARTUP": f"{folder}/json.py", "PIP_USER": "1",
        "TF_CPP_MIN_LOG_LEVEL": "0", "XLA_FLAGS": "--nonsense", "FORCE_COLOR": "3",
        "LOKY_MAX_CPU_COUNT": "1"}
    succeeded, printed = book.build(**variables, https_proxy="http://localhost:1")
    assert succeeded, printed
    assert "executing 3 lesson(s), 1 at a time" in printed, "more lessons at once than usable cores"
    page = re.sub("<.*?>", "", book.page("lessons/uses"))
    assert "made from scikit-learn" in page, "the stand-in may be mistaken for MNIST"
    variables["LOKY_MAX_CPU_COUNT"] = "2"   # the build shares out the one core that it was left
    inherited = {f"{name}={value}" for name, value in variables.items()} & set(page.splitlines())
    assert not inherited, f"a kernel sees the user's {inherited}"
    assert "https_proxy=http://localhost:1" in page, "MNIST could not be had through a proxy"
    assert re.search(r"home: .*/_build/.home\n", page)
    assert "spoilt: None 0 []" in page
    assert f"interpreter: {sys.executable} {sys.prefix}" in page


@pytest.mark.parametrize("named, cached, handed_over", [
    ("~/mine.npz", False, "{home}/mine.npz"),
    ("stand-in", True, "stand-in"),
    (None, True, "{home}/.keras/datasets/mnist.npz"),
    (None, False, "{own}/.keras/datasets/mnist.npz"),
])
def test_lessons_are_handed_the_data_that_were_found(tmp_path, monkeypatch, named, cached, handed_over):
    home, own = tmp_path / "user", tmp_path / "own"
    (home / ".keras/datasets").mkdir(parents=True)
    if cached:
        (home / ".keras/datasets/mnist.npz").touch()
    (tmp_path / "code").mkdir()
    (tmp_path / "code/mnist.py").write_text(
        "import os; named = os.environ.get('MNIST_NPZ')\n"
        "print('stand-in' if named == 'stand-in' else "
        "'MNIST ' + (named or os.environ['KERAS_HOME'] + '/datasets/mnist.npz'))")
    monkeypatch.setattr(lesson_execution, "ROOT", tmp_path)
    monkeypatch.setattr(lesson_execution, "HOME", own)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("COURSE_DATA", "")
    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.setenv("MNIST_NPZ", named or "")
    lesson_execution.find_data()
    assert os.environ["MNIST_NPZ"] == handed_over.format(home=home, own=own)


def test_make_keeps_a_sound_environment_and_makes_a_broken_one_again(tmp_path):
    here = tmp_path / "it's \"50%\" #1 ü"
    here.mkdir()
    shutil.copy(ROOT / "Makefile", here)
    (here / "requirements.lock").write_text("")

    def installs():
        return "venv --clear" in subprocess.run(["make", "--dry-run", "book"], cwd=here, text=True,
                                                capture_output=True, check=True).stdout

    def install():
        subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", ".venv"], cwd=here)
        library = next(here.glob(".venv/lib/python*/site-packages"))
        (library / "pip.py").touch()
        shutil.copy(here / "requirements.lock", here / ".venv")

    assert installs()
    install()
    assert not installs(), "a second make would install again"
    os.utime(here / "requirements.lock", (2e9, 2e9))   # as a checkout beside a restored .venv has it
    assert not installs(), "the lock is the same, but of another date"
    (here / "requirements.lock").write_text("# other versions")
    assert installs(), "the lock is another one"
    install()
    for python in here.glob(".venv/bin/python*"):
        python.unlink()
        python.symlink_to("/nowhere/python")
    assert installs(), "the Python is gone"
    install()
    here = here.rename(tmp_path / "moved")
    assert installs(), "the folder was moved"
    variables = subprocess.run(
        ["make", "--eval", "show: ; @env", "show"], cwd=here, text=True, capture_output=True,
        check=True, env={**os.environ, "PIP_USER": "1", "PIP_TARGET": "/x", "PYTHONPATH": "/x"}).stdout
    assert "PIP_USER=0\n" in variables and "PIP_TARGET" not in variables
    assert "PYTHONPATH" not in variables


# Links and what pages show of each other

@pytest.mark.parametrize("link, named", [
    ("[](nowhere.md)", "nowhere.md"),
    ("[there](lessons/nowhere.ipynb)", "lessons/nowhere.ipynb"),
    ("[there](lessons/uses.ipynb#nowhere)", "nowhere"),
    ("[there](#nowhere)", "nowhere"),
    ("{doc}`lessons/nowhere`", "lessons/nowhere"),
    ("{ref}`nowhere`", "nowhere"),
    ("{term}`nowhere`", "nowhere"),
    ("{eq}`nowhere`", "nowhere"),
    ("{cite:p}`nowhere`", "nowhere"),
    ("{download}`nowhere.csv`", "nowhere.csv"),
    ("![](nowhere.png)", "nowhere.png"),
])
def test_a_dead_link_fails_the_build_by_name(book, link, named):
    book.lessons(uses=notebook())
    book.write("index.md", f"# The book\n\nSee {link}.\n")
    succeeded, printed = book.build()
    assert not succeeded, f"the build is content with {link}"
    assert re.search(f"index.md.*{re.escape(named)}", printed), f"the build does not name {link}: {printed}"


def test_pages_show_what_other_pages_say_now(book):
    first, second = json.loads(notebook()), json.loads(notebook())
    first["cells"][0]["source"] = "# First\n\nAn {term}`epoch`, by {eq}`eq-one`, of {cite:t}`spence2022`, in {numref}`fig-one`."
    book.lessons(first=json.dumps(first), second=json.dumps(second))
    book.write("references.md", "# References\n\n```{bibliography}\n```\n")
    book.write("_toc.yml", (book.folder / "_toc.yml").read_text() + "- file: references\n")

    def write(question, definition, caption):   # all but the page that shows it
        book.write("index.md", f"# The book\n\n```{{glossary}}\nepoch\n  {definition}\n```\n\n"
                               f"$$\n{definition[0]} = 1\n$$ (eq-one)\n\n"
                               "```{figure} _static/look/mark.svg\n:name: fig-one\n:alt: a mark\n\n"
                               f"{caption}\n```\n")
        second["cells"][0]["source"] = f"# Second\n\n{question}"
        book.write("lessons/second.ipynb", json.dumps(second))
        succeeded, printed = book.build()
        assert succeeded, printed
        return book.page("lessons/first")

    page = write("Is it so?", "One pass.", "One mark.")
    previews = dict(re.findall(r'<template data-of="../(.*?)">(.*?)</template>', page, re.S))
    assert "One mark." in previews.get("index.html#fig-one", ""), f"no preview of a caption: {previews}"
    assert len(previews) == 4 and "One pass." in page and "Is it so?" in page, previews
    assert '<span class="number">2</span> Second' in page and "lesson 2 of 2" in page
    page = write("Is it so?", "One pass.", "Another mark.")
    assert "Another mark." in page, "a page shows a caption as it was before"
    page = write("Is it so?", "Once through.", "Another mark.")
    assert "Once through." in page, "a page shows a term as it was before"
    page = write("Is it otherwise?", "Once through.", "Another mark.")
    assert "Is it otherwise?" in page, "a page asks the question that its neighbor had before"


# The site's address

def test_the_address_is_set_in_one_place_and_needed_nowhere(book):
    book.copy("LICENSE", "CITATION.cff", "license.md", "references.md")
    book.lessons(uses=notebook())
    book.write("_toc.yml", (book.folder / "_toc.yml").read_text() + "- file: license\n- file: references\n")
    book.write("index.md", "# The book\n\nWhat it is about.\n")
    term = (book.folder / "term.yml").read_text()
    site = book.folder / "_build/html"

    book.write("term.yml", term.replace('site: ""', "site: https://example.org/course"))
    succeeded, printed = book.build()
    assert succeeded, printed
    for name in ["index", "lessons/uses", "license"]:
        address = f"https://example.org/course/{name}.html"
        assert f'<link rel="canonical" href="{address}"' in book.page(name)
        assert f'<meta property="og:url" content="{address}"' in book.page(name)
        assert 'content="https://example.org/course/_static/page.png"' in book.page(name)
        assert f"<loc>{address}</loc>" in (site / "sitemap.xml").read_text()
    assert '<meta name="description" content="What it is about.">' in book.page("index")
    assert '<meta property="og:description" content="What it is about."' in book.page("index")
    assert (site / "sitemap.xml").read_text().count("<loc>") == 4
    links = set(re.findall('(?:href|src)="([^"#]+)', book.page("404")))
    assert {"/course/", "/course/lessons/uses.html", "/course/license.html"} <= links
    for link in links:   # the page is served in the place of any other, at any depth
        path = link.split("?")[0]
        assert re.match("/course/|https://", path), f"404.html leads to {link}, from wherever it is shown"
        assert not path.startswith("/") or (site / path.removeprefix("/course/")).exists(), f"{link} leads nowhere"

    book.write("index.md", "# The book\n\nWhat it is about now.\n")
    succeeded, printed = book.build(COURSE_ADDRESS="http://localhost:8000/")
    assert succeeded, printed
    assert '<link rel="canonical" href="http://localhost:8000/lessons/uses.html"' in book.page("lessons/uses")
    assert (site / "sitemap.xml").read_text().count("<loc>http://localhost:8000/") == 4

    book.write("term.yml", term)
    succeeded, printed = book.build()
    assert succeeded, printed
    for name in ["index", "lessons/uses"]:
        assert "canonical" not in book.page(name) and "og:" not in book.page(name)
    assert not (site / "sitemap.xml").exists() and not (site / "404.html").exists()


def test_an_address_that_is_none_is_refused(book):
    succeeded, printed = book.build(COURSE_ADDRESS="example.org/course")
    assert not succeeded and "is to begin with https://, but is example.org/course" in printed
