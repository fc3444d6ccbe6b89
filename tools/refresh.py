"""Store the text outputs of the executed lessons in lessons/, for nbval to compare with."""

import sys
from pathlib import Path

import nbformat
from jupyter_cache import get_cache

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "_ext"))

from lesson_dependencies import read_lesson
from lesson_execution import find_data


def text_outputs(outputs):
    """Return what nbval compares: no images, no records of claims, no accidents of timing."""
    kept = []
    for output in outputs:
        if "data" in output:
            output.data = {kind: data for kind, data in output.data.items()
                           if not kind.startswith("image/")}
            output.metadata = {}
        if output.output_type == "stream" and kept and kept[-1].get("name") == output.name:
            kept[-1].text += output.text   # when a kernel sends what is printed, and in which parts
        else:
            kept.append(output)
    return kept


find_data()
cache = get_cache(ROOT / "_build/.jupyter_cache")
for path in sorted((ROOT / "lessons").glob("*.ipynb")):
    text = path.read_text(encoding="utf8")
    stored = nbformat.reads(text, as_version=4)
    lesson = read_lesson(text)
    _, executed = cache.merge_match_into_notebook(lesson)
    for cell, ran in zip(stored.cells, executed.cells):
        if cell.cell_type == "code":
            cell.execution_count, cell.outputs = ran.execution_count, text_outputs(ran.outputs)
    seconds = cache.match_cache_notebook(lesson).data["execution_seconds"]
    before = stored.metadata.get("execution_seconds")
    # roughly, for a build to begin with the longest
    if before is None or abs(seconds - before) > 30 + before / 2:
        stored.metadata["execution_seconds"] = round(seconds)
    path.write_text(nbformat.writes(stored) + "\n", encoding="utf8")
