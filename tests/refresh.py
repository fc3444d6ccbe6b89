"""Store the text outputs of the executed lessons in lessons/, for nbval to compare with."""

import sys
from pathlib import Path

import nbformat
from jupyter_cache import get_cache

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "_ext"))

from lesson_dependencies import read_lesson
from lesson_execution import find_data

find_data()
cache = get_cache(ROOT / "_build/.jupyter_cache")
for path in sorted((ROOT / "lessons").glob("*.ipynb")):
    stored = nbformat.read(path, as_version=4)
    lesson = read_lesson(path.read_text(encoding="utf8"))
    _, executed = cache.merge_match_into_notebook(lesson)
    for cell, ran in zip(stored.cells, executed.cells):
        if cell.cell_type == "code":
            cell.execution_count, cell.outputs = ran.execution_count, ran.outputs
            for output in cell.outputs:
                output.get("data", {}).pop("image/png", None)
                if "metadata" in output:
                    output.metadata = {}
    nbformat.write(stored, path)
