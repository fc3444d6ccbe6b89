"""The instructor's guide: whole, and in the instructor's edition alone."""

import builtins
import re
from pathlib import Path

import nbformat
import pytest
import yaml

from book import SmallBook
from term import lesson_names

ROOT = Path(__file__).parent.parent
GUIDE = sorted((ROOT / "instructors").glob("*.md"))
PARTS = ["Minutes", "Show", "Ask", "Serves", "Drop first"]
SECTIONS = {name: text for name, text in re.findall(
    r"^## \[\]\(\.\./lessons/([\w-]+)\.ipynb\)\n(.*?)(?=^## |\Z)",
    (ROOT / "instructors/lessons.md").read_text(encoding="utf8"), re.M | re.S)}


def prose(name):
    return "\n".join(cell.source for cell in nbformat.read(ROOT / f"lessons/{name}.ipynb", as_version=4).cells
                     if cell.cell_type == "markdown")


def test_the_guide_has_a_section_for_each_lesson_in_their_order():
    toc = re.findall(r"file: lessons/([\w-]+)", (ROOT / "_toc.yml").read_text(encoding="utf8"))
    assert list(SECTIONS) == [name for name in toc if name in lesson_names()]


@pytest.mark.parametrize("name", lesson_names())
def test_a_section_has_its_parts_and_says_what_each_exercise_and_question_serves(name):
    section, lesson = SECTIONS[name], prose(name)
    assert re.findall(r"^\*\*([A-Z][\w ]+)\.\*\*", section, re.M) == PARTS
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in re.findall(r"^\| \d .*\|$", section, re.M)]
    outcomes = lesson.split("**What you will be able to do**")[1].split("*Reading takes")[0].count("\n- ")
    assert [row[0][0] for row in rows] == [str(number + 1) for number in range(outcomes)]
    named = {label for row in rows for label in re.findall(r"{ref}`.*?<([\w-]+)>`", row[1])}
    assert named == set(re.findall(r"^:label: (\S+)", lesson, re.M)), "the exercises of the lesson, and of its section"
    asked = {number for row in rows for number in re.findall(r"\d+", row[2])}
    questions = lesson.split("## Check yourself")[1].split("## Summary")[0]
    assert asked == set(re.findall(r"^\*\*(\d+)\. ", questions, re.M)), "the questions under Check yourself"


@pytest.mark.parametrize("name", lesson_names())
def test_the_minutes_of_reading_are_those_of_the_lesson(name):
    reading = re.search(r"Reading takes about (\d+) minutes", prose(name))[1]
    assert re.search(r"\*\*Minutes\.\*\* Before: (\d+)", SECTIONS[name])[1] == reading


@pytest.mark.parametrize("name", lesson_names())
def test_what_is_shown_live_uses_names_that_the_lesson_has(name):
    code = "\n".join(cell.source for cell in nbformat.read(
        ROOT / f"lessons/{name}.ipynb", as_version=4).cells if cell.cell_type == "code")
    for block in re.findall(r"```python\n(.*?)```", SECTIONS[name], re.S):
        own = set(re.findall(r"^ *(?:for |import )?([\w, *]+?)(?: =| in |$)", block, re.M))
        own = {word for part in own for word in re.findall(r"\w+", part)}
        for word in set(re.findall(r"(?<![.\w'\"])([a-z_]\w+)(?=[.(\[])", re.sub(r"#.*", "", block))):
            assert word in own or word in dir(builtins) or re.search(rf"\b{word}\b", code), (
                f"{word} is shown live, and the lesson has no such name")


@pytest.mark.parametrize("name", lesson_names())
def test_parts_of_a_lesson_are_called_what_they_are_called_there(name):
    headings = re.findall(r"^(?:#+ |\*\*)(.+?)(?:\*\*|$)", prose(name), re.M)
    for part in ("Minutes", "Drop first"):
        paragraph = re.search(rf"^\*\*{part}\.\*\*.*?(?=\n\n|\Z)", SECTIONS[name], re.M | re.S)[0]
        for called in re.findall(r"(?<!\*)\*([^*]+)\*(?!\*)", paragraph):
            assert any(heading.startswith(" ".join(called.split())) for heading in headings), (
                f"the lesson has no part called {called}")


def test_commands_of_the_guide_are_those_of_the_makefile():
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf8"), re.M)
    for page in GUIDE:
        text = page.read_text(encoding="utf8")
        for command in re.findall(r"^ *make ([\w-]+)|`make ([\w-]+)", text, re.M):
            assert "".join(command) in targets, f"{page.name}: make {''.join(command)}"


def test_the_guide_says_how_to_make_and_use_decks_and_handouts():
    checklist, teaching = (ROOT / "instructors/index.md").read_text(encoding="utf8").split("\n## A two-hour class\n")
    for part, words in [(checklist, ["make slides", "make print", "_build/slides/index.html", "*Slide Type*"]),
                        (teaching, ["_build/slides/index.html", "`S`", "make print"])]:
        assert not (missing := [word for word in words if word not in part]), missing


def test_keys_of_the_term_are_those_of_its_file():
    said = (ROOT / "instructors/index.md").read_text(encoding="utf8").split("| key | is |")[1].split("\n\n")[0]
    keys = [key for cells in re.findall(r"^ *\| (`.*?) \|", said, re.M) for key in re.findall(r"`(\w+)`", cells)]
    assert keys == list(yaml.safe_load((ROOT / "term.yml").read_text(encoding="utf8")))


SECRET = "Wordsforinstructors"


def guide_in(folder):
    """Return the files of a small book's site that are the guide's or have a word of it."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and (
        "instructors" in path.relative_to(folder).parts
        or SECRET.lower() in path.read_text(encoding="utf8", errors="replace").lower()))


def test_the_guide_is_in_the_instructors_edition_and_nowhere_in_the_students(tmp_path):
    book = SmallBook(tmp_path)
    book.write("instructors/index.md", f"---\norphan: true\n---\n# {SECRET}\n\n{SECRET} "
               "in [a lesson](../lessons/uses.ipynb).\n")
    book.write("answers/ada.md", f"# {SECRET}\n")   # of students, for make grade
    site = tmp_path / "_build/html"
    succeeded, printed = book.build(COURSE_EDITION="instructor")   # into the folder of the students'
    assert succeeded, printed
    found = guide_in(site)
    assert "instructors/index.html" in found and "searchindex.js" in found
    assert not (site / "answers").exists(), "the site has what students answered"
    assert '<a href="../instructors/index.html">The guide</a>' in book.page("lessons/uses")
    succeeded, printed = book.build()
    assert succeeded, printed
    assert guide_in(site) == [], "the students' site has something of the guide"
    assert "instructors" not in book.page("lessons/uses")
    assert "instructors" not in (site / "searchindex.js").read_text(encoding="utf8")
