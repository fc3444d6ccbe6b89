"""Settles, once and before anything is tested, how the tests run and on which data."""

import os
import sys
from pathlib import Path

import pytest
from jupyter_cache import get_cache
from nbval.plugin import IPyNbFile

ROOT = Path(__file__).parent.parent
CACHE = ROOT / "_build/.jupyter_cache"

sys.path[:0] = [str(ROOT / "code"), str(ROOT / "_ext")]
os.environ["PROGRESS"] = "0"
# Sums taken in a fixed order: comparisons of two trainings are bit for bit. Workers that share a
# processor also do not take each other's threads.
os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["TF_NUM_INTEROP_THREADS"] = "1"

from lesson_dependencies import read_lesson
from lesson_execution import find_data


class Executed:
    """Stands for a kernel: hands nbval the outputs of a lesson that the book has executed."""

    def __init__(self, lesson):
        self.cells = (cell for cell in lesson.cells if cell.cell_type == "code")
        self.messages = []

    def execute_cell_input(self, source, allow_stdin=None):
        cell = next(cell for cell in self.cells if cell.source == source)
        self.messages = [(output.output_type, output) for output in cell.outputs]
        self.messages.append(("status", {"execution_state": "idle"}))
        return "executed"

    def get_message(self, stream, timeout=None):
        kind, content = self.messages.pop(0)
        return {"msg_type": kind, "content": content, "parent_header": {"msg_id": "executed"}}

    def is_alive(self):
        return True

    def await_reply(self, *args, **options):
        pass

    stop = await_idle = await_reply


def executed_by_the_book(path):
    """Return the lesson as `make book` executed it, or None if something has changed since."""
    lesson = read_lesson(path.read_text(encoding="utf8"))
    if CACHE.exists():
        try:
            return get_cache(CACHE).merge_match_into_notebook(lesson)[1]
        except KeyError:
            pass


execute = IPyNbFile.setup


def setup(lesson):
    # the same cells on the same code, lock, Python and data: once is enough, it takes minutes
    found = executed_by_the_book(lesson.path)
    if found is None:
        execute(lesson)
    else:
        lesson.kernel = Executed(found)
        lesson.setup_sanitize_files()


IPyNbFile.setup = setup


def pytest_configure(config):
    if not hasattr(config, "workerinput"):   # a worker of pytest-xdist inherits the answer
        try:
            find_data()
        except SystemExit as error:
            pytest.exit(f"no data to test on: {error}", returncode=1)


def pytest_report_header(config):
    if not hasattr(config, "workerinput"):
        executed = [path.stem for path in sorted((ROOT / "lessons").glob("*.ipynb"))
                    if executed_by_the_book(path) is not None]
        return [f"data: {os.environ['COURSE_DATA']}",
                f"lessons executed by make book: {', '.join(executed) or 'none, nbval does it now'}"]
