"""Lessons executed side by side before the pages are read, and their outputs kept in jupyter-cache."""

import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import filelock
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.executors.utils import single_nb_execution
from sphinx.util import logging

from lesson_dependencies import ROOT, read_lesson

LOCK_WAIT = 3600   # seconds; a cold build takes minutes

logger = logging.getLogger(__name__)


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
    """Fix what every kernel of this build is to share."""
    find_data()
    os.environ["PROGRESS"] = "0"
    # lessons share the cores: TensorFlow's own threads would only fight over them
    os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["TF_NUM_INTEROP_THREADS"] = "1"


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
    cache = open_cache(folder)
    waiting = {}
    for name in docnames:
        if name in env.lesson_digests:
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


def open_cache(folder):
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


def setup(app):
    app.setup_extension("lesson_dependencies")
    app.connect("config-inited", prepare)
    app.connect("env-before-read-docs", execute)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
