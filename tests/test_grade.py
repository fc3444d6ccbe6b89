"""make grade: what counts as a point, whatever else was edited in the notebook that comes back."""

import csv
import subprocess
import sys

import nbformat
import pytest

import grade
from solutions import without_solutions
from test_term import Course
from term import lesson_names

ANSWER, CLAIM = 1, 2   # the places of the cells in the small lesson's notebook


def returned(answer="secretly_computed = ...", claim=None, added=None, drop=()):
    """Return the small lesson as it comes back: with this answer, and with what else was changed."""
    def write(path, lesson):
        notebook = without_solutions(nbformat.read(lesson, as_version=4))
        notebook.cells[ANSWER].source = answer
        if claim:
            notebook.cells[CLAIM].source = claim
        for index in drop:
            del notebook.cells[index]
        if added:
            notebook.cells.insert(ANSWER + 1, nbformat.v4.new_code_cell(added))
        nbformat.write(notebook, path)
    return write


RETURNED = {   # what came back, and the points and the words that it gets
    "right": (returned("secretly_computed = 6 * 7"), "1", "holds"),
    "right-in-two-cells": (returned("half = 21", added="secretly_computed = 2 * half"), "1", "holds"),
    "wrong": (returned("secretly_computed = 41"), "0", "does not hold: it is 42, measured 41, needs 42"),
    "empty": (returned("# Your answer, which the claim below judges\nsecretly_computed = ..."), "0",
              "not answered"),
    "bound-edited": (returned("secretly_computed = 41",
                              'import claims\nclaims.claim("it is 41", secretly_computed, equals=41)'),
                     "0", "does not hold: it is 42, measured 41, needs 42"),
    "claim-deleted": (returned("secretly_computed = 41", drop=[CLAIM]), "0",
                      "does not hold: it is 42, measured 41, needs 42"),
    "claims-replaced": (returned("import claims\nclaims.claim = print\nsecretly_computed = 41"), "0",
                        "does not hold: it is 42, measured 41, needs 42"),
    "fails": (returned("secretly_computed = unknown"), "0", "NameError: name 'unknown' is not defined"),
    "endless": (returned("while True:\n    pass"), "0", "took too long"),
}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Return what make grade says of each of RETURNED, and of two files that are none of them."""
    book = Course(tmp_path_factory.mktemp("course"), all="never")
    book.copy("tools", "code/claims.py")
    folder = book.folder / "answers/one class"
    folder.mkdir(parents=True)
    for name, (write, *_) in RETURNED.items():
        write(folder / f"{name}.ipynb", book.folder / "lessons/dropout.ipynb")
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")]), folder / "other.ipynb")
    (folder / "damaged.ipynb").write_text("no notebook")
    done = subprocess.run([sys.executable, "tools/grade.py", "answers", "5"], cwd=book.folder, text=True,
                          capture_output=True)
    assert done.returncode == 0, done.stderr
    with open(book.folder / "answers/grades.csv", encoding="utf8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {(row["file"], row["exercise"]): row for row in rows}, done.stdout


@pytest.mark.parametrize("name", RETURNED)
def test_points_are_the_claims_that_hold(graded, name):
    row = graded[0][f"one class/{name}.ipynb", "one"]
    _, points, what = RETURNED[name]
    assert (row["lesson"], row["points"], row["of"], row["what"]) == ("dropout", points, "1", what)


def test_what_only_a_person_can_judge_and_what_is_no_answer_is_said(graded):
    rows, printed = graded
    assert rows["one class/right.ipynb", "two"]["what"] == "to be read"
    assert rows["one class/other.ipynb", ""]["what"] == "no cell of a lesson is in it"
    assert rows["one class/damaged.ipynb", ""]["what"].startswith("no notebook")
    assert "one class/right.ipynb" in printed and "1/1" in printed


@pytest.mark.parametrize("name", lesson_names())
def test_each_exercise_of_a_lesson_has_its_claims_or_is_read(name):
    lesson, exercises = grade.read_lesson(name)
    text = "\n".join(cell.source for cell in lesson.cells)
    assert list(exercises) == [line.split()[1] for line in text.splitlines() if line.startswith(":label:")]
    cells = {cell.id: cell for cell in lesson.cells}
    for label, ids in exercises.items():
        if ids:
            assert cells[ids[0]].source.startswith("# Your answer"), label
            assert grade.claim_cells(cells[ids[1]]), label
