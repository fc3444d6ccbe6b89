"""What a lesson's outputs depend on, so that no page shows those of an earlier day.

jupyter-cache finds a lesson's outputs by a hash of its code cells, their metadata and its
kernelspec. `read_lesson` leaves of the metadata only what the outputs depend on, and writes a
digest of all else that they depend on into the kernelspec: the files that the lesson reaches, the
lock, the interpreter, the kernel's settings and the data.
"""

import ast
import hashlib
import json
import os
import platform
import re
import sys
from pathlib import Path

import nbformat

from kernel_environment import ROOT, SETTINGS

FOLDERS = [ROOT / "code", ROOT / "lessons"]   # what a lesson can import or open by its bare name
PAGES = {".ipynb", ".md"}

TAGS = {"raises-exception", "skip-execution"}   # those on which the execution of a cell depends

# Whoever uses one of these may reach any file, by a name that is not to be seen in the source.
ANY_FILE = {"__file__", "__import__", "__path__", "__spec__", "chdir", "eval", "exec", "get_ipython",
            "getfile", "getsourcefile", "glob", "iglob", "import_module", "importlib", "iterdir",
            "listdir", "pkgutil", "popen", "Popen", "rglob", "run_path", "runpy", "scandir",
            "subprocess", "sys.path", "system", "walk"}

# With these it is to be seen: by the imports that follow, by the name in parentheses.
HARMLESS = {r"""sys\.path\.insert\(0, ["']\.\./code["']\)""": "pass",
            r"""Path\(__file__\)\.with_name(?=\((["'])[\w.-]+\1\))""": ""}


def read_lesson(text):
    """Return the notebook in `text`, reduced to what its outputs depend on.

    Its kernelspec is that of this interpreter, completed by the digest `depends_on`. Raises
    nbformat.reader.NotJSONError if `text` is no notebook.
    """
    notebook = nbformat.reads(text.removeprefix("\ufeff"), as_version=4)
    for cell in notebook.cells:
        tags = sorted(TAGS.intersection(cell.metadata.get("tags", [])))
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})
    notebook.metadata = nbformat.from_dict({"kernelspec": {
        "name": "python3", "display_name": "Python 3", "language": "python",
        "depends_on": _digest(notebook)}})
    return notebook


def reached_files(notebook):
    """Return the files of the book that the notebook's code cells can reach.

    A cell reaches what it imports from code/ or from beside the lesson, what one of its strings
    names, and what these reach in turn; a folder is one thing. All of code/ and all beside the
    lessons is reached where that cannot be known: by a cell that is no Python (a magic, a shell
    command, an error), by an import or a path that is computed. So a lesson that writes a file
    beside itself is executed each time: it should write into a temporary folder.
    """
    entries = {entry for folder in [ROOT, *FOLDERS] if folder.exists() for entry in folder.iterdir()
               if not entry.name.startswith((".", "__pycache__", "_build"))} - set(FOLDERS)
    anything = {entry for entry in entries
                if entry.parent in FOLDERS and entry.suffix not in PAGES}
    reached = {entry for entry in anything if entry.name == "matplotlibrc"}   # read by itself
    waiting = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    while waiting:
        names = _names(waiting.pop())
        found = anything if names is None else {
            entry for entry in entries if entry.name in names
            or entry.stem in names and entry.suffix in {".py", ".so"}} - reached
        waiting += [path.read_text(encoding="utf8", errors="replace") for entry in found - reached for path in _files(entry)
                    if path.suffix == ".py"]
        reached |= found
    return sorted(path for entry in reached for path in _files(entry))


def _files(entry):
    """Return the files of which `entry`, a file or a folder, consists."""
    return [path for path in [entry, *entry.rglob("*")] if path.is_file()
            and "__pycache__" not in path.parts and not path.name.startswith(".")]


def _names(source):
    """Return the names that the Python `source` imports or holds in strings; None for any name."""
    for harmless, instead in HARMLESS.items():
        source = re.sub(harmless, instead, source)
    try:
        tree = ast.parse(source.removeprefix("\ufeff"))
    except (SyntaxError, ValueError, RecursionError):
        return None
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {(node.module or "").split(".")[0], *(alias.name for alias in node.names)}
        elif isinstance(node, ast.Name):
            names |= {node.id} & ANY_FILE
        elif isinstance(node, ast.Attribute):
            names |= {node.attr, ast.unparse(node)} & ANY_FILE
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names |= set(re.split(r"[/\\]", node.value))
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "open" and node.args:
            names |= set() if isinstance(node.args[0], ast.Constant) else ANY_FILE
    return None if names & {*ANY_FILE, "code"} else names   # the folder's name, in a path


def _digest(notebook):
    digest = hashlib.sha256()
    for path in [*reached_files(notebook), ROOT / "requirements.lock"]:
        digest.update(f"{path.relative_to(ROOT)}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    digest.update(json.dumps([platform.python_implementation(), platform.python_version(), SETTINGS,
                              os.environ.get("COURSE_DATA")]).encode())
    return digest.hexdigest()


def changed_lessons(app, env, added, changed, removed):
    """Return the lessons whose outputs depend on something other than the lesson that has changed."""
    before = getattr(env, "lesson_digests", {})
    env.lesson_digests = {}
    for name in sorted(env.found_docs):
        path = Path(env.doc2path(name))
        if path.suffix == ".ipynb":
            text = ""
            try:
                text = path.read_text(encoding="utf8")
                env.lesson_digests[name] = read_lesson(text).metadata.kernelspec["depends_on"]
            except Exception as error:   # a file that is no notebook raises almost anything
                sys.exit(f"\n{name} is no notebook: {_first_error(error, text)}")
    return [name for name, digest in env.lesson_digests.items() if before.get(name) != digest]


def _first_error(error, text):
    """Say in one line what is wrong with the notebook `text`, and where."""
    cause = error.__cause__
    if isinstance(cause, json.JSONDecodeError):
        line = [*text.splitlines(), "", ""][cause.lineno - 1]
        return f"line {cause.lineno} is no JSON: {line.strip()[:80]}"
    return f"{type(error).__name__}: {str(error).splitlines()[0]}"


def setup(app):
    app.connect("env-get-outdated", changed_lessons)
    # what a lesson depends on is compared with what the stored pages were built from
    return {"version": "1", "env_version": 2, "parallel_read_safe": True,
            "parallel_write_safe": True}
