"""Lessons executed side by side before the pages are read, and their outputs kept in jupyter-cache.

MyST-NB is told to execute nothing: it shows the outputs that `read_executed` takes from the cache.
With COURSE_PREVIEW=1 nothing is executed here either, and the pages show the stored outputs.
"""

import copy
import functools
import json
import math
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import filelock
import nbformat
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from sphinx.util import logging

from kernel_environment import HOME, ROOT, kernel_environment
from lesson_dependencies import read_lesson
from solutions import for_this_edition

CACHE = ROOT / "_build/.jupyter_cache"
LOCK_WAIT = 3600   # seconds; a cold build takes minutes
PREVIEW = os.environ.get("COURSE_PREVIEW", "0") != "0"

logger = logging.getLogger(__name__)


def find_data():
    """Ask code/mnist.py which data are to be had, for the lessons and their digests alike.

    Returns "MNIST" or another word for what stands in for it, and sets COURSE_DATA to it and
    MNIST_NPZ to what every lesson is to read. Exits with the reason if there are no data.
    """
    named = os.environ.get("MNIST_NPZ")
    if named and named != "stand-in":   # lessons run in their own folder, with a home of their own
        os.environ["MNIST_NPZ"] = os.path.abspath(os.path.expanduser(named))
    keras_home = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser()
    if not (keras_home / "datasets/mnist.npz").exists():
        keras_home = HOME / ".keras"   # the user's may not be writable
    found = subprocess.run([sys.executable, ROOT / "code/mnist.py"], capture_output=True, text=True,
                           env={**kernel_environment(), "KERAS_HOME": str(keras_home)})
    if found.returncode:
        sys.exit(found.stderr.strip().splitlines()[-1].removeprefix("__main__."))
    data, _, path = found.stdout.strip().partition(" ")
    os.environ["COURSE_DATA"], os.environ["MNIST_NPZ"] = data, path or data
    return data


def prepare(app, config):
    """Let one build at a time work on this book, from before Sphinx reads what the last one left."""
    if PREVIEW:
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    app.course_lock = filelock.FileLock(CACHE.parent / "building.lock")
    try:
        app.course_lock.acquire(timeout=0)
    except filelock.Timeout:
        logger.info("another build of this book is running: waiting for it")
        app.course_lock.acquire(timeout=LOCK_WAIT)
    find_data()


def execute(app, env, docnames):
    """Execute, on all cores, the lessons whose outputs the cache lacks; have their pages read."""
    if PREVIEW:
        return
    cache = open_cache(CACHE)
    texts = {name: Path(env.doc2path(name)).read_text(encoding="utf-8-sig") for name in env.lesson_digests}
    lessons = {name: _lesson(text) for name, text in texts.items()}
    waiting = {name: copy.deepcopy(lesson) for name, lesson in lessons.items()
               if find_outputs(cache, lesson) is None}
    docnames += waiting.keys() - set(docnames)
    if not waiting:
        return
    import joblib   # only now: it takes a moment

    cores = joblib.cpu_count()   # those that the container may use, where it may not use all
    logger.info("executing %d lesson(s), %d at a time: %s", len(waiting), cores, ", ".join(waiting))
    # over_seeds shares out what cores are left: a process of its own costs seconds to start
    share = {"LOKY_MAX_CPU_COUNT": str(max(1, cores // len(waiting)))}
    failures = []
    # a training that several lessons begin with is done once a build: code/training.py
    trainings = CACHE.parent / ".trainings"
    shutil.rmtree(trainings, ignore_errors=True)   # of a build that was killed
    trainings.mkdir()
    share["COURSE_TRAININGS"] = str(trainings)
    with ThreadPoolExecutor(cores) as pool:
        running = {pool.submit(_run, waiting[name], Path(env.doc2path(name)).parent,
                               app.config.nb_execution_timeout, share): name
                   for name in longest_first(cache, waiting, texts)}
        for done, future in enumerate(as_completed(running), 1):
            name, (seconds, failure) = running[future], future.result()
            if failure:
                failures.append(f"{name}, {failure}")
            else:   # stored at once, so that an interrupted build goes on from here
                store(cache, name, waiting[name], seconds)
            logger.info("[%d/%d] %s: %s in %.0f s", done, len(waiting), name,
                        "failed" if failure else "executed", seconds)
    shutil.rmtree(trainings)
    if failures:
        # no exception: Jupyter Book would bury it under its own traceback
        sys.exit("these lessons failed:\n\n" + "\n\n".join(failures))


@functools.cache
def _lesson(text):
    """Return read_lesson(text), once a build: what changes while lessons run counts for the next."""
    return read_lesson(text)


def longest_first(cache, lessons, texts):
    """Return the names of `lessons` by the seconds that each took last, the longest first.

    So no core waits at the end while another still runs a long one. On a fresh clone their files, `texts`,
    have those seconds, from `make refresh`. A lesson that was never executed may be the longest; of
    several, the one with the most code.
    """
    stored = {name: json.loads(texts[name])["metadata"].get("execution_seconds") for name in lessons}
    seconds = {name: took for name, took in stored.items() if took}
    seconds |= {record.uri: record.data["execution_seconds"] for record in cache.list_cache_records()}
    return sorted(lessons, reverse=True, key=lambda name: (
        seconds.get(name, math.inf),
        sum(len(cell.source) for cell in lessons[name].cells if cell.cell_type == "code")))


def notebook_client(notebook, folder, timeout, **options):
    """Return what executes `notebook` in this interpreter's kernel; `options` are NotebookClient's."""
    from jupyter_client.kernelspec import KernelSpecManager   # only now: they take a moment
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient

    return NotebookClient(
        notebook, resources={"metadata": {"path": str(folder)}}, timeout=timeout, record_timing=False,
        extra_arguments=["--log-level=40"],   # the kernel's own warnings are not about the lesson
        # without folders to look for others, the one kernel is this interpreter's
        km=AsyncKernelManager(kernel_name="python3",
                              kernel_spec_manager=KernelSpecManager(kernel_dirs=[])), **options)


def _run(notebook, folder, timeout, variables):
    """Execute `notebook` in place; return the seconds it took and what failed, if something did."""
    from nbclient.exceptions import CellExecutionError, DeadKernelError

    current = {"index": -1}
    client = notebook_client(
        notebook, folder, timeout,
        on_cell_start=lambda cell, cell_index: current.update(index=cell_index))
    start = time.monotonic()
    try:
        client.execute(env=kernel_environment() | variables, cleanup_kc=True)
        failure = _unwanted_output(notebook)
    except Exception as error:   # whatever ends this lesson, the others go on
        if isinstance(error, CellExecutionError):
            failure = f"{error.ename}: {error.evalue}\n{error}"
        elif isinstance(error, DeadKernelError):
            failure = "the kernel died; did it need more memory than there is?"
        else:
            failure = f"{type(error).__name__}: {error}"
        number = sum(cell.cell_type == "code" for cell in notebook.cells[:current["index"] + 1])
        failure = f"code cell {number}: {failure}"
    return time.monotonic() - start, failure


def _unwanted_output(notebook):
    """Return what in the outputs of `notebook` must not reach a page, or None."""
    code_cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for number, cell in enumerate(code_cells, 1):
        noise = "".join(output.text for output in cell.outputs if output.get("name") == "stderr"
                        or output.get("text", "").startswith("WARNING"))   # TensorFlow's log
        if noise:
            return f"code cell {number} wrote a notice:\n{noise}"
        for output in cell.outputs:   # of a cell that is tagged raises-exception
            if output.get("ename") == "ClaimFailed":
                return f"code cell {number}: {output.ename}: {output.evalue}"


def open_cache(folder):
    """Return the jupyter-cache in `folder`, made anew if its database cannot be read."""
    try:
        cache = get_cache(str(folder))
        cache.list_cache_records()
        return cache
    except Exception as error:   # whatever a damaged file may raise, the lessons can be run again
        logger.info("the cache of executed lessons is damaged (%s): starting a new one",
                    (str(error) or type(error).__name__).splitlines()[0])
        shutil.rmtree(folder)
        return get_cache(str(folder))


def find_outputs(cache, lesson):
    """Return `lesson`, as read by read_lesson, with its outputs, or None where the cache has none."""
    try:
        return cache.merge_match_into_notebook(lesson)[1]
    except KeyError:
        return None
    except Exception as error:   # as above
        logger.info("the cached outputs of a lesson are damaged (%s): executing it again",
                    (str(error) or type(error).__name__).splitlines()[0])
        return None


def store(cache, name, lesson, seconds):
    """Keep the executed `lesson`, and the seconds that it took."""
    _, key = cache.create_hashed_notebook(lesson)
    shutil.rmtree(cache.path / "executed" / key, ignore_errors=True)   # damaged, if it is there
    cache.cache_notebook_bundle(
        CacheBundleIn(lesson, name, data={"execution_seconds": seconds}), check_validity=False)


def read_executed(text):
    """Return the notebook in `text` as its page shows it: with the outputs of its execution."""
    notebook = nbformat.reads(text.removeprefix("\ufeff"), as_version=4)
    lesson = _lesson(text.removeprefix("\ufeff"))
    notebook.metadata.kernelspec = {key: lesson.metadata.kernelspec[key]
                                    for key in ("name", "display_name", "language")}
    notebook.metadata.language_info = {"name": "python", "pygments_lexer": "ipython3"}
    if not PREVIEW:
        for cell, executed in zip(notebook.cells, find_outputs(get_cache(str(CACHE)), lesson).cells):
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = executed.outputs, executed.execution_count
    return for_this_edition(notebook, text.removeprefix("\ufeff"))


def setup(app):
    app.setup_extension("lesson_dependencies")
    app.setup_extension("solutions")
    app.connect("config-inited", prepare)
    app.connect("env-before-read-docs", execute)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
