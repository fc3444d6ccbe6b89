"""One file for a new term: what it may say, and what the site makes of it."""

import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import nbformat
import pytest
from icalendar import Calendar

import claims
import solutions
from book import SmallBook
from term import TermError, lesson_names, read_term

ROOT = Path(__file__).parent.parent
TERM = "".join(line for line in (ROOT / "term.yml").read_text(encoding="utf8").splitlines(True)
               if not line.lstrip().startswith("#"))   # with examples
CLASSES = """classes:
- date: 2027-01-12 10:00
  lessons: [over-fitting, more-data]
- date: 2027-01-19 10:00
  lessons: [dropout]
"""


@pytest.mark.parametrize(["old", "new", "said"], [
    ("2027-01-19", "2027-01-05", "classes, number 2: 2027-01-05 10:00 is not after the class before it"),
    ("[dropout]", "[dropuot]", "classes, number 2, lessons, number 1: dropuot is no lesson; the lessons are"),
    ("2027-01-12 10:00", "2027-01-12", "classes, number 1, date: '2027-01-12' is not a date and a time"),
    ("2027-01-12 10:00", "2027-02-30 10:00", "classes, number 1, date: '2027-02-30 10:00' is not"),
    ("  lessons: [dropout]\n", "", "classes, number 2: lessons is missing"),
    ("institution: \"\"\n", "", "institution is missing"),
    ("institution:", "institute:", "institute is unknown; allowed are term, institution,"),
    ("UTC", "Europe/Torronto", "time_zone: 'Europe/Torronto' is not a time zone by its name"),
    ("minutes: 120", "minutes: two", "minutes: 'two' is not a whole number"),
    ("all: always", "all: soon", "solutions, all: 'soon' is not never, always or a date"),
    ("all: always", "all: never\n  dropuot: always", "solutions: dropuot is no lesson"),
    ('site: ""', "site: course.example.org", "addresses, site: 'course.example.org' is not an address"),
    ("term: \"\"", "term: [2027", "line "),
])
def test_a_mistake_is_named_with_its_place_and_with_what_is_allowed(tmp_path, old, new, said):
    text = TERM.replace("classes: []", CLASSES)
    assert text.count(old) == 1, f"the test no longer fits term.yml: {old}"
    path = tmp_path / "term.yml"
    path.write_text(text.replace(old, new))
    with pytest.raises(TermError) as error:
        read_term(path)
    assert str(error.value).startswith(said), error.value
    assert "\n" not in str(error.value)


def test_dates_of_classes_are_those_of_the_time_zone(tmp_path):
    path = tmp_path / "term.yml"
    path.write_text(TERM.replace("classes: []", CLASSES).replace("UTC", "America/Toronto"))
    first = read_term(path)["classes"][0]["date"]
    assert first == datetime(2027, 1, 12, 15, tzinfo=ZoneInfo("UTC"))


@pytest.mark.parametrize(["opens", "hour", "expected"], [
    ("always", 0, True), ("never", 0, False),
    ("2027-01-26", 4, False), ("2027-01-26", 5, True)])   # midnight in Toronto is 5 o'clock UTC
def test_solutions_open_at_midnight_where_the_class_is(opens, hour, expected):
    term = {"time_zone": "America/Toronto", "solutions": {"all": "never", "dropout": opens}}
    now = datetime(2027, 1, 26, hour, tzinfo=ZoneInfo("UTC"))
    assert solutions.is_open("dropout", term, now) is expected
    assert not solutions.is_open("optimizers", term, now)


def solved(path):
    """Return the lines of text and code that only the solutions of a lesson have."""
    lesson = nbformat.read(path, as_version=4)
    left = nbformat.read(path, as_version=4)
    left = {line.strip() for cell in solutions.without_solutions(left).cells
            for line in cell.source.splitlines()}
    return [line for cell in lesson.cells for line in cell.source.splitlines()
            if len(line.strip()) > 30 and line.strip() not in left]


@pytest.mark.parametrize("name", lesson_names())
def test_without_its_solutions_a_lesson_keeps_all_else_and_judges_answers(name):
    path = ROOT / f"lessons/{name}.ipynb"
    before = nbformat.read(path, as_version=4)
    after = solutions.without_solutions(nbformat.read(path, as_version=4))
    nbformat.validate(after)
    text = "\n".join(cell.source for cell in after.cells)
    assert "solution-start" not in text and "solution-end" not in text and "{solution}" not in text
    assert text.count("{exercise}") == "\n".join(cell.source for cell in before.cells).count("{exercise}")
    assert text.count("{dropdown}") == sum(cell.source.count("{dropdown}") for cell in before.cells)
    claims = [cell.source.count("claims.claim(") for cell in before.cells if cell.cell_type == "code"]
    kept = [cell.source.count("claims.claim(") for cell in after.cells if cell.cell_type == "code"]
    assert sum(claims) == sum(kept), "a claim is lost"
    assert text.count("# Your answer") == sum(cell.source.count("{solution-start}") for cell in before.cells)
    assert len(solved(path)) > 10


def test_an_answer_that_is_missing_is_not_judged_by_what_a_lesson_computed_before():
    """The lesson has a `gain` of its own, further up."""
    answer, claim = [cell.source for cell in solutions.without_solutions(nbformat.read(
        ROOT / "lessons/regularization.ipynb", as_version=4)).cells if cell.id.endswith(
            ("-answer", "-claim"))][-2:]
    with pytest.raises((TypeError, ValueError)):
        exec(f"gain, half = 1, 0\n{answer}\n{claim}", {"claims": claims})


class Course(SmallBook):
    """A small book with one lesson that has exercises, and with a term."""

    def __init__(self, folder, **changes):
        super().__init__(folder)
        self.write("lessons/dropout.ipynb", nbformat.writes(nbformat.v4.new_notebook(
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
            cells=[
                nbformat.v4.new_markdown_cell(
                    "# Dropout\n\nDoes it help?\n\n*Reading takes about 5 minutes; running all cells, "
                    "about a minute.*\n\n## Exercises\n\n:::{exercise} One\n:label: one\n\nHow much?\n:::\n\n"
                    ":::{solution-start} one\n:class: dropdown\n:::", id="a"),
                nbformat.v4.new_code_cell(
                    'import sys; sys.path.insert(0, "../code")\nsecretly_computed = 6 * 7\n'
                    'import claims\nclaims.claim("it is 42", secretly_computed, equals=42)', id="b"),
                nbformat.v4.new_markdown_cell(
                    "The secret explanation.\n\n:::{solution-end}\n:::\n\n:::{exercise} Two\n:label: two\n\n"
                    "Why?\n:::\n\n:::{solution} two\n:class: dropdown\n\nThe other secret.\n:::", id="c")])))
        self.copy("code/claims.py", "schedule.md")
        self.write("_toc.yml", "format: jb-book\nroot: index\nchapters:\n- file: schedule\n"
                   "- file: lessons/uses\n- file: lessons/alone\n- file: lessons/dropout\n")
        self.change(**changes)

    def change(self, **changes):
        text = TERM
        for name, value in changes.items():
            line = next(line for line in TERM.splitlines() if line.strip().startswith(f"{name}:"))
            start = line[:line.index(":") + 1]
            text = text.replace(line, f"{start} {value}")
        self.write("term.yml", text)

    def built(self):
        """Return everything in the site, as one text."""
        return "\n".join(path.read_text(encoding="utf8", errors="replace")
                         for path in (self.folder / "_build/html").rglob("*") if path.is_file())


SECRETS = ["secretly_computed = 6", "The secret explanation", "The other secret", "measured 42"]


def test_solutions_are_nowhere_in_the_site_before_their_date(tmp_path):
    book = Course(tmp_path, all="2999-01-01")
    book.write("index.md", "# The book\n\nIt is so: {claim}`dropout: it is 42`.\n")
    succeeded, printed = book.build()
    assert succeeded, printed
    assert "in the solution of an exercise, which is not open yet" in book.page("index")
    assert "without the solutions of: alone, dropout, uses" in printed
    for secret in SECRETS:
        assert secret not in book.built(), f"the student's site has a solution: {secret}"
    book.change(all="2020-01-01")   # in the past
    assert book.executes() == set(), "opening solutions executes lessons"
    for secret in SECRETS[1:3]:
        assert secret in book.built(), f"an open solution is not in the site: {secret}"
    assert "measured 42, needs 42" in book.page("index")


def test_the_instructors_edition_has_what_students_do_not(tmp_path):
    book = Course(tmp_path, all="never")
    succeeded, printed = book.build(COURSE_EDITION="instructor")
    assert succeeded, printed
    for secret in SECRETS[1:3]:
        assert secret in book.built()
    succeeded, printed = book.build(COURSE_EDITION="instrctor")
    assert not succeeded and "EDITION is student or instructor, not 'instrctor'" in printed


def test_the_schedule_the_calendar_and_the_header_follow_the_term(tmp_path):
    dates = "[{date: 2027-01-12 10:00, lessons: [dropout]}, {date: 2027-07-12 10:00, lessons: [alone, uses]}]"
    book = Course(tmp_path, term="Winter 2027", institution="A University", contact="https://example.org/me",
                  time_zone="America/Toronto", classes=dates, all="2027-01-20")
    succeeded, printed = book.build()
    assert succeeded, printed
    page = book.page("schedule")
    for words in ["Tuesday, 12 January 2027, 10:00", "from 2027-01-20", "https://example.org/me",
                  "Winter 2027 · A University", 'href="schedule.ics"']:
        assert words in page, words
    calendar = Calendar.from_ical((tmp_path / "_build/html/schedule.ics").read_bytes())
    starts = [event.start.astimezone(ZoneInfo("UTC")) for event in calendar.events]
    assert starts == [datetime(2027, 1, 12, 15, tzinfo=ZoneInfo("UTC")),
                      datetime(2027, 7, 12, 14, tzinfo=ZoneInfo("UTC"))]   # summer time
    book.change()
    assert book.build()[0] and "about 5 minutes" in book.page("schedule")
    assert "<span>, " not in book.page("schedule"), "a comma before the first lesson of a row"
    assert not (tmp_path / "_build/html/schedule.ics").exists()


def test_student_material_is_a_tree_of_its_own_without_closed_solutions(tmp_path):
    book = Course(tmp_path, all="never")
    book.copy("tools", "LICENSE")
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    run = [sys.executable, "tools/publish_student.py"]
    subprocess.run(run, cwd=tmp_path, check=True)
    folder = tmp_path / "_build/student"
    files = {path.relative_to(folder).as_posix(): path.read_text(encoding="utf8")
             for path in folder.rglob("*") if path.is_file()}
    assert {"lessons/dropout.ipynb", "code/claims.py", "LICENSE", "README.md"} <= set(files)
    assert not any(name.startswith(("_ext", "tools", ".git/")) for name in files)
    for secret in SECRETS:
        assert not any(secret in text for text in files.values()), f"students get a solution: {secret}"
    assert "secretly_computed = ..." in files["lessons/dropout.ipynb"]
    assert "claims.claim" in files["lessons/dropout.ipynb"], "the claim that judges the answer is gone"
    subprocess.run(["git", "init", "--quiet", folder], check=True)   # for students to pull from
    (folder / "lessons/gone.ipynb").write_text("a lesson that is no more")
    subprocess.run(run, cwd=tmp_path, check=True, env={**os.environ, "COURSE_EDITION": "instructor"})
    assert SECRETS[0] in (folder / "lessons/dropout.ipynb").read_text()
    assert (folder / ".git/HEAD").exists(), "the students' repository is gone, and with it what theirs builds on"
    assert not (folder / "lessons/gone.ipynb").exists()
