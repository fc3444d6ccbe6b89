"""What a lesson's outputs depend on, so that no page shows those of an earlier day.

jupyter-cache finds a lesson's outputs by a hash of its code cells and its kernelspec. `read_lesson`
writes a digest of all else that the outputs depend on into the kernelspec, so that the same hash
covers the files of code/ that the lesson imports, the lock, the interpreter and the data.
"""

import ast
import hashlib
import os
import platform
from pathlib import Path

import nbformat
from IPython.core.inputtransformer2 import TransformerManager

ROOT = Path(__file__).resolve().parent.parent


def read_lesson(text):
    """Return the notebook in `text`, its kernelspec completed by the digest of what it depends on."""
    notebook = nbformat.reads(text, as_version=4)
    notebook.metadata.setdefault("kernelspec", {})["depends_on"] = _digest(notebook)
    return notebook


def code_files(notebook):
    """Return the files of code/ that the notebook's cells import or name, directly or through another."""
    python = TransformerManager().transform_cell   # a cell may hold magics, which are no Python
    found, names = set(), _names("\n".join(python(cell.source) for cell in notebook.cells
                                           if cell.cell_type == "code"))
    files = {path.name: path for path in (ROOT / "code").iterdir() if path.is_file()}
    while names:
        name = names.pop()
        if name in files and files[name] not in found:
            found.add(files[name])
            if name.endswith(".py"):
                names |= _names(files[name].read_text(encoding="utf8"))
    return sorted(found)


def _names(source):
    """Return the names of files that the Python `source` imports or holds as a string."""
    try:
        tree = ast.parse(source)
    except SyntaxError:   # the lesson's execution will say so, and where
        return set()
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] + ".py" for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0] + ".py")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names.add(node.value.rsplit("/", 1)[-1])
    return names


def _digest(notebook):
    digest = hashlib.sha256()
    for path in [*code_files(notebook), ROOT / "requirements.lock"]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    digest.update(f"{platform.python_implementation()} {platform.python_version()} "
                  f"{os.environ.get('COURSE_DATA')}".encode())
    return digest.hexdigest()


def changed_lessons(app, env, added, changed, removed):
    """Return the lessons whose outputs depend on something other than the lesson that has changed."""
    before = getattr(env, "lesson_digests", {})
    env.lesson_digests = {name: read_lesson(Path(env.doc2path(name)).read_text(encoding="utf8"))
                          .metadata.kernelspec["depends_on"]
                          for name in env.found_docs if env.doc2path(name).endswith(".ipynb")}
    return [name for name, digest in env.lesson_digests.items() if before.get(name) != digest]


def setup(app):
    app.connect("env-get-outdated", changed_lessons)
    # what a lesson depends on is compared with what the stored pages were built from
    return {"version": "1", "env_version": 1, "parallel_read_safe": True,
            "parallel_write_safe": True}
