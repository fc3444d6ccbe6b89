"""Lets nbval read what the book executed.

A lesson trains for minutes, and `make book` has just run the same cells on the same code, lock, Python
and data. nbval would run them all again only to compare what they print. So it gets the outputs of the
build where nothing has changed since, and runs the lesson itself where something has.
"""

import os
from unittest import mock

from jupyter_cache import get_cache
from nbval.plugin import IPyNbFile

from kernel_environment import kernel_environment
from lesson_dependencies import read_lesson
from lesson_execution import CACHE


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
    if CACHE.exists():
        lesson = read_lesson(path.read_text(encoding="utf8"))
        try:
            return get_cache(CACHE).merge_match_into_notebook(lesson)[1]
        except Exception:   # not in the cache, or the cache is damaged, which raises almost anything
            pass


execute = IPyNbFile.setup


def setup(lesson):
    """Do the work of nbval's method of this name, with the book's outputs if they are current."""
    found = executed_by_the_book(lesson.path)
    if found is None:
        with mock.patch.dict(os.environ, kernel_environment(), clear=True):   # as the book does
            execute(lesson)
    else:
        lesson.kernel = Executed(found)
