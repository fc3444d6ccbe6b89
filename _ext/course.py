"""What the book needs beyond Jupyter Book: lessons executed side by side, on a cache that knows code/.

jupyter-cache finds a lesson's outputs by a hash of its code cells and its kernelspec. `read_lesson`
writes a digest of all else that the outputs depend on into the kernelspec, so that the same hash
covers the files of code/ that the lesson imports, the lock, the interpreter and the data.
"""

import ast
import hashlib
import html
import os
import platform
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import filelock
import mathjax
import nbformat
from docutils import nodes
from IPython.core.inputtransformer2 import TransformerManager
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.executors.utils import single_nb_execution
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parent.parent
LOCK_WAIT = 3600   # seconds; a cold build takes minutes

logger = logging.getLogger(__name__)


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


def find_data():
    """Ask code/mnist.py which data are to be had, for the lessons and their digests alike."""
    found = subprocess.run([sys.executable, ROOT / "code" / "mnist.py"], capture_output=True,
                           text=True)
    if found.returncode:
        sys.exit(found.stderr.strip().splitlines()[-1].removeprefix("__main__."))
    data = os.environ["COURSE_DATA"] = found.stdout.split()[-1]
    if data != "MNIST":
        os.environ["MNIST_NPZ"] = data   # no lesson is to wait for the network again
    elif os.environ.get("MNIST_NPZ"):   # lessons run in their own folder
        os.environ["MNIST_NPZ"] = os.path.abspath(os.environ["MNIST_NPZ"])
    return data


def prepare(app, config):
    """Fix what every kernel of this build is to share, and add what every page is to have."""
    if find_data() != "MNIST":
        config.html_theme_options["announcement"] = (
            "The results on these pages were <strong>not</strong> computed on MNIST, which could "
            "not be had when they were built, but on a stand-in made from scikit-learn's digits.")
    os.environ["PROGRESS"] = "0"
    # lessons share the cores: TensorFlow's own threads would only fight over them
    os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["TF_NUM_INTEROP_THREADS"] = "1"
    config.html_static_path.append(
        str(Path(mathjax.__file__).parent / "static/mathjax/es5" / config.mathjax_path))


def changed_lessons(app, env, added, changed, removed):
    """Return the lessons whose outputs depend on something other than the lesson that has changed."""
    before = getattr(env, "course_digests", {})
    env.course_digests = {name: read_lesson(Path(env.doc2path(name)).read_text(encoding="utf8"))
                          .metadata.kernelspec["depends_on"]
                          for name in env.found_docs if env.doc2path(name).endswith(".ipynb")}
    return [name for name, digest in env.course_digests.items() if before.get(name) != digest]


def execute(app, env, docnames):
    """Execute, on all cores, those of the lessons about to be read that are not in the cache."""
    folder = Path(env.mystnb_config.execution_cache_path)
    folder.mkdir(parents=True, exist_ok=True)
    app.course_lock = filelock.FileLock(folder.parent / "building.lock")
    try:
        app.course_lock.acquire(timeout=0)
    except filelock.Timeout:
        logger.info("another build of this book is running: waiting for it")
        app.course_lock.acquire(timeout=LOCK_WAIT)
    cache = _open_cache(folder)
    waiting = {}
    for name in docnames:
        if name in env.course_digests:
            notebook = read_lesson(Path(env.doc2path(name)).read_text(encoding="utf8"))
            try:
                cache.match_cache_notebook(notebook)
            except KeyError:
                waiting[name] = notebook
    if not waiting:
        return
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    logger.info("executing %d lesson(s), %d at a time: %s", len(waiting), cores, ", ".join(waiting))
    failures = []
    # the longest first, lest one core waits at the end while the other still runs it
    order = sorted(waiting, reverse=True, key=lambda name: sum(
        len(cell.source) for cell in waiting[name].cells if cell.cell_type == "code"))
    with ThreadPoolExecutor(cores) as pool:
        running = {pool.submit(_run, app, waiting[name], Path(env.doc2path(name))): name
                   for name in order}
        for done, future in enumerate(as_completed(running), 1):
            name, (seconds, failure) = running[future], future.result()
            if failure:
                failures.append(f"{name}, {failure}")
            else:
                # stored at once, so that an interrupted build goes on from here
                cache.cache_notebook_bundle(
                    CacheBundleIn(waiting[name], env.doc2path(name),
                                  data={"execution_seconds": seconds}),
                    check_validity=False, overwrite=True)
            logger.info("[%d/%d] %s: %s in %.0f s", done, len(waiting), name,
                        "failed" if failure else "executed", seconds)
    if failures:
        # no exception: Jupyter Book would bury it under its own traceback
        sys.exit("these lessons failed:\n\n" + "\n\n".join(failures))


def _run(app, notebook, path):
    """Execute `notebook` in place; return the seconds it took and what failed, if something did."""
    current = {}
    start = time.monotonic()
    result = single_nb_execution(
        notebook, cwd=str(path.parent), timeout=app.config.nb_execution_timeout, allow_errors=False,
        on_cell_start=lambda cell, cell_index: current.update(index=cell_index),
        extra_arguments=["--log-level=40"])   # the kernel's own warnings are not about the lesson
    seconds = time.monotonic() - start
    code_cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if result.err is None:
        for number, cell in enumerate(code_cells, 1):
            noise = "".join(output.text for output in cell.outputs if output.get("name") == "stderr"
                            or output.get("text", "").startswith("WARNING"))   # TensorFlow's log
            if noise:   # readers would see it on the page
                return seconds, f"code cell {number} wrote a notice:\n{noise}"
        return seconds, None
    number = sum(cell.cell_type == "code" for cell in notebook.cells[:current["index"] + 1])
    return seconds, f"code cell {number}:\n{result.err}"


def _open_cache(folder):
    """Return the cache in `folder`, made anew if what lies there cannot be read."""
    try:
        cache = get_cache(str(folder))
        for record in cache.list_cache_records():
            cache.get_cache_bundle(record.pk)
        return cache
    except Exception as error:   # whatever a damaged file may raise, the lessons can be run again
        logger.info("the cache of executed lessons is damaged (%s): starting a new one",
                    str(error).splitlines()[0])
        shutil.rmtree(folder)
        return get_cache(str(folder))


class Claims(SphinxDirective):
    """A table for each lesson of what it claims and what this build measured."""

    def run(self):
        self.env.note_reread()   # another lesson's outputs may change this page
        cache = get_cache(self.env.mystnb_config.execution_cache_path)
        lines = []
        for name in self.env.external_site_map:
            if name in self.env.course_digests:
                lesson = read_lesson(Path(self.env.doc2path(name)).read_text(encoding="utf8"))
                _, executed = cache.merge_match_into_notebook(lesson)
                lines += _claims_table(name, executed)
        return self.parse_text_to_nodes("\n".join(lines))


def _claims_table(name, executed):
    """Return the lines of the Markdown table of the claims that a lesson's outputs carry."""
    rows = []
    for index, cell in enumerate(executed.cells):
        for output in cell.get("outputs", []):
            claim = output.get("metadata", {}).get("claim")
            if claim:
                sentence = html.escape(claim["sentence"]).replace("|", "&#124;")
                rows.append(f'| <a href="{name}.html#cell-{index}">{sentence}</a> '
                            f'| {claim["shown"]} | {claim["needs"]} '
                            f'| {claim["lecture"] or ""} | {claim["verdict"]} |')
    head = [f"**[](/{name}.ipynb)**", "", "| claim | measured | needs | lecture | |",
            "| --- | --- | --- | --- | --- |"]
    return [*head, *rows, ""] if rows else []


def mark_cells(app, document):
    """Give each code cell an id that the table of claims can link to."""
    for cell in document.findall(lambda node: isinstance(node, nodes.container)
                                 and node.get("nb_element") == "cell_code"):
        cell["ids"].append(f"cell-{cell['cell_index']}")


def describe_figures(app, document):
    """Give each figure of a lesson the words that `plots.show` published with it as its alt text."""
    for bundle in document.findall(lambda node: isinstance(node, nodes.container)
                                   and node.get("nb_element") == "mime_bundle"):
        words = {part.get("mime_type"): part.astext() for part in bundle.children}.get("text/plain")
        for image in bundle.findall(nodes.image):
            image.setdefault("alt", words) if words else None


def setup(app):
    app.connect("config-inited", prepare)
    app.connect("env-get-outdated", changed_lessons)
    app.connect("env-before-read-docs", execute)
    app.connect("doctree-read", describe_figures)
    app.connect("doctree-read", mark_cells)
    app.add_directive("claims", Claims)
    # what a lesson depends on is compared with what the stored pages were built from
    return {"version": "1", "env_version": 1, "parallel_read_safe": True,
            "parallel_write_safe": True}
