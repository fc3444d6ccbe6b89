"""Count the points of answers: run each notebook that a student returned and see which claims hold.

    make grade FOLDER=answers

The lesson's own cells are put back in place of the student's, the claims among them, so that neither a
bound nor an experiment counts as edited; what is the student's are the cells for answers and all cells
that were added. Prints a table, and writes it to FOLDER/grades.csv. It runs what students wrote.
"""

import ast
import csv
import re
import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "_ext"))

from kernel_environment import kernel_environment
from lesson_execution import find_data, notebook_client
from solutions import without_solutions
from term import lesson_names

SECONDS = 900   # for one cell, as for a build
COLUMNS = ["file", "lesson", "exercise", "points", "of", "what"]
# whatever an answer did to them, the claims are judged by the course's own code
FRESH = "import sys; sys.modules.pop('claims', None); import claims\n"


@cache
def read_lesson(name):
    """Return a lesson as students get it, and of each exercise the ids of its two cells.

    An exercise that asks for words alone has None in their place.
    """
    notebook = nbformat.read(ROOT / f"lessons/{name}.ipynb", as_version=4)
    exercises, label, first, last = {}, None, None, None
    for cell in notebook.cells:
        if cell.cell_type == "code":
            first, last = first or cell.id, cell.id
            continue
        for kind, of in re.findall(r"^:{3,}\{solution(-start|-end|)\} *(\S*)", cell.source, re.M):
            if kind == "-end":
                exercises[label] = (f"{first}-answer", f"{last}-claim")
            elif not kind:
                exercises[of] = None
            label, first, last = of, None, None
    return without_solutions(notebook), exercises


def own_id(cell):
    """Return the cell's id; Colab keeps it in the metadata."""
    return cell.get("id") or cell.metadata.get("id")


def lesson_of(notebook):
    """Return the name of the lesson that has most of these cells, or None if none has any."""
    ids = {own_id(cell) for cell in notebook.cells}
    shared = {name: len(ids & {cell.id for cell in read_lesson(name)[0].cells}) for name in lesson_names()}
    best = max(shared, key=shared.get, default=None)
    return best if best and shared[best] else None


def claim_cells(cell):
    """Return a cell for each of its statements, so that a claim that fails does not hide the next."""
    return [nbformat.v4.new_code_cell(FRESH + ast.get_source_segment(cell.source, statement),
                                      metadata={"claim": cell.id})
            for statement in ast.parse(cell.source).body]


def merged(answered, lesson):
    """Return the code of the lesson with the student's answers, and with what the student added."""
    own = {cell.id: cell for cell in lesson.cells}
    added, answers, last = {}, {}, None
    for cell in answered.cells:
        name = own_id(cell)
        if name in own:
            answers[name] = cell.source
            last = name
        elif cell.cell_type == "code" and name != "get-code":
            added.setdefault(last, []).append(nbformat.v4.new_code_cell(
                cell.source, metadata={"answer": last}))
    cells = added.get(None, [])
    for cell in lesson.cells:
        if cell.id.endswith("-claim"):
            cells += claim_cells(cell)
        elif cell.cell_type == "code":
            source = answers.get(cell.id, "") if cell.id.endswith("-answer") else cell.source
            cells.append(nbformat.v4.new_code_cell(source, metadata={"answer": cell.id}))
        cells += added.get(cell.id, [])
    return nbformat.v4.new_notebook(cells=cells, metadata=lesson.metadata)


def run(notebook, seconds):
    """Execute it in a kernel and a folder of its own, whatever fails on the way."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "code", Path(folder, "code"))
        Path(folder, "lessons").mkdir()
        client = notebook_client(notebook, Path(folder, "lessons"), seconds, allow_errors=True,
                                 interrupt_on_timeout=True)
        client.execute(env=kernel_environment(), cleanup_kc=True)


def error_of(cells):
    """Return what the first error of these cells says, or ""."""
    errors = [output for cell in cells for output in cell.outputs if output.output_type == "error"]
    if not errors:
        return ""
    if errors[0].ename == "KeyboardInterrupt":
        return "took too long"
    text = errors[0].evalue
    return text if errors[0].ename == "ClaimFailed" else f"{errors[0].ename}: {text}"


def grade(path, seconds=SECONDS):
    """Return a row, as COLUMNS says, for each exercise of the notebook that was returned."""
    try:
        answered = nbformat.read(path, as_version=4)
        name = lesson_of(answered)
    except Exception as error:   # whatever a file may hold that is no notebook
        return [[path.name, "", "", 0, 0, f"no notebook: {error}".splitlines()[0]]]
    if name is None:
        return [[path.name, "", "", 0, 0, "no cell of a lesson is in it"]]
    lesson, exercises = read_lesson(name)
    notebook = merged(answered, lesson)
    try:
        run(notebook, seconds)
    except Exception as error:   # a kernel that died judges nothing any more
        print(f"{path.name}: {type(error).__name__}: {error}", file=sys.stderr)
    given = {cell.id: cell.source for cell in lesson.cells}
    rows = []
    for label, ids in exercises.items():
        if ids is None:
            rows.append([path.name, name, label, 0, 0, "to be read"])
            continue
        written = [cell for cell in notebook.cells if cell.metadata.get("answer") == ids[0]]
        judged = [cell for cell in notebook.cells if cell.metadata.get("claim") == ids[1]]
        points = sum(holds(cell) for cell in judged)
        what = "holds" if points == len(judged) else (
            "not answered" if [cell.source for cell in written] in ([given[ids[0]]], [""])
            else error_of([*written, *judged]) or "not run")
        rows.append([path.name, name, label, points, len(judged), what])
    return rows


def holds(cell):
    """Return whether the claim in the cell was judged and nothing failed."""
    return (any("claim" in output.get("metadata", {}) for output in cell.outputs)
            and not any(output.output_type == "error" for output in cell.outputs))


def main(folder, seconds=SECONDS):
    paths = sorted(path for path in Path(folder).rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)
    if not paths:
        sys.exit(f"there is no notebook in {folder}: make grade FOLDER=...")
    find_data()
    rows = []
    for path in paths:
        found = grade(path, seconds)
        for row in found:
            row[0] = path.relative_to(folder).as_posix()
            print("{:30} {:20} {:30} {}/{}  {}".format(*row), flush=True)
        points, of = (sum(row[column] for row in found) for column in (3, 4))
        print(f"{found[0][0]:30} {'':51} {points}/{of}", flush=True)
        rows += found
    target = Path(folder, "grades.csv")
    with open(target, "w", encoding="utf8", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *rows])
    print(target)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "answers", *map(int, sys.argv[2:3]))
