"""A copy of this book in a folder of its own: to build, to break, to measure."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MACHINERY = ["_config.yml", "term.yml", "code/methods.py", "references.bib", "requirements.lock",
             "_ext", "_static", "_templates"]


def notebook(*sources, metadata=None, tags=()):
    """Return the text of a lesson with these code cells, all with these tags.

    It has no cell ids, as notebooks before nbformat 4.5 have none.
    """
    return json.dumps({
        "cells": [{"cell_type": "markdown", "metadata": {}, "source": "# A lesson"}] + [
            {"cell_type": "code", "metadata": {"tags": list(tags)} if tags else {}, "source": source,
             "execution_count": None, "outputs": []} for source in sources],
        "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python",
                                    "name": "python3"}} if metadata is None else metadata,
        "nbformat": 4, "nbformat_minor": 4})


def executed(printed):
    """Return the lessons that a build says it executed, in the order of their ends."""
    return re.findall(r"lessons/([\w-]+): executed in", printed)


class Book:
    """A book in `folder`, which needs pages still: `copy` this book's or `write` others."""

    strict = ["--warningiserror", "--nitpick", "--keep-going"]   # as `make book` builds

    def __init__(self, folder):
        self.folder = Path(folder)
        self.copy(*MACHINERY)

    def copy(self, *names):
        """Copy these files and folders of this book."""
        for name in names:
            target = self.folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, target, dirs_exist_ok=True,
                                ignore=shutil.ignore_patterns("__pycache__", ".*"))
            else:
                shutil.copy(ROOT / name, target)

    def page(self, name):
        return (self.folder / f"_build/html/{name}.html").read_text(encoding="utf8")

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf8")

    def start(self, *options, **variables):
        """Start to build; return the running process."""
        environment = {name: value for name, value in os.environ.items() if name != "COURSE_DATA"}
        return subprocess.Popen(
            [sys.executable, "_ext", "build", *self.strict, *options, "."], cwd=self.folder,
            text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**environment, **variables})

    def build(self, *options, **variables):
        """Build; return whether it succeeded and what it printed."""
        running = self.start(*options, **variables)
        printed, _ = running.communicate()
        return running.returncode == 0, printed

    def executes(self):
        """Build; return the names of the lessons that were executed."""
        succeeded, printed = self.build()
        assert succeeded, printed
        return set(executed(printed))


class SmallBook(Book):
    """A book of two lessons that take no time: one imports from code/, one stands alone."""

    USES = 'import sys; sys.path.insert(0, "../code")\nimport outer\nprint(outer.answer)'

    def __init__(self, folder):
        super().__init__(folder)
        self.write("code/mnist.py", 'source = "MNIST"\nif __name__ == "__main__":\n    print(source)')
        self.write("code/inner.py", "answer = 41")
        self.write("code/outer.py", "from inner import answer")
        self.write("index.md", "# The book\n")
        self.lessons(uses=notebook(self.USES), alone=notebook("print(1 + 1)"))

    def lessons(self, **texts):
        """Make these the book's lessons, and its only ones."""
        shutil.rmtree(self.folder / "lessons", ignore_errors=True)
        for name, text in texts.items():
            self.write(f"lessons/{name}.ipynb", text)
        self.write("_toc.yml", "format: jb-book\nroot: index\nchapters:\n"
                   + "".join(f"- file: lessons/{name}\n" for name in texts))
