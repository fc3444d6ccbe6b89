"""Measure what training and building cost, and print it as the rows of a table.

    make bench OPTIONS="[--only training seeds building memory] [--quick] [--repeats N]"

training: the lecture's five listings with Keras's `fit` and with the course's, in turn.
seeds: ten seeds of a small network through `over_seeds` against one run of the listing model1.
building: the book from nothing, after no change and after small ones, and as a preview.
memory: the most that a lesson's kernel and its workers take together, on one core and on two.
--quick: a fiftieth of the epochs, and the shortest lesson alone: shows that everything runs.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import redirect_stdout
from pathlib import Path
from statistics import median

import psutil
import yaml

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
sys.path[:0] = [str(ROOT / "code"), str(ROOT / "_ext")]
os.environ["PROGRESS"] = "0"

import mnist   # before anything that loads TensorFlow: it silences the start-up notices
from book import Book, executed
from kernel_environment import SETTINGS
from lesson_execution import find_data

SMALL = dict(optimizer="sgd", loss="mean_squared_error", metrics=["accuracy"])
LARGE = dict(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])


def listings():
    """Return the lecture's five trainings by name: network, compile and fit arguments, x and y."""
    import model1, model3, model4, model5, model6
    import keras

    with redirect_stdout(sys.stderr):   # what it says is no row of the table
        (x, y), _ = mnist.load_data()
    x, y = x.reshape(60000, 784), keras.utils.to_categorical(y, 10)
    small, large = (SMALL, 1000, 5, x[:500], y[:500]), (LARGE, 100, 100, x, y)
    return {"model1": (lambda: model1.get_model(30), *small),
            "model3": (lambda: model3.get_model(30, 0.001), *small),
            "model4": (lambda: model4.get_model(30, 0.2), *small),
            "model5": (lambda: model5.get_model(30), *large),
            "model6": (lambda: model6.get_model(30), *large)}


def seconds(work, *arguments, **options):
    """Return how long `work` took."""
    start = time.perf_counter()
    work(*arguments, **options)
    return time.perf_counter() - start


def run(fit, listing, quick, **options):
    """Train a listing's network with Keras's `fit` or with the course's."""
    import keras

    get_model, how, epochs, batch_size, x, y = listing
    keras.utils.clear_session()
    model = get_model()
    model.compile(**how)
    fit(model, x, y, epochs=epochs // 50 if quick else epochs, batch_size=batch_size, **options)


def against(slow, fast):
    """Return the cell of the table that compares two lists of seconds, measured in turn."""
    ratios = sorted(a / b for a, b in zip(slow, fast))
    return (f"{median(slow):.1f} s, {median(fast):.1f} s: {median(ratios):.1f} times "
            f"({ratios[0]:.1f} to {ratios[-1]:.1f})")


def training(quick, repeats):
    import keras
    import training as course

    plain, ours = {}, {}
    for name, listing in listings().items():
        for _ in range(repeats):
            plain.setdefault(name, []).append(
                seconds(run, keras.Model.fit, listing, quick, verbose=0))
            ours.setdefault(name, []).append(seconds(run, course.fit, listing, quick))
        yield f"Keras's `fit` against the course's: `{name}`", against(plain[name], ours[name])
    yield "all five", against([sum(times) for times in zip(*plain.values())],
                              [sum(times) for times in zip(*ours.values())])


def seeds(quick, repeats):
    import keras
    from joblib.externals.loky import get_reusable_executor
    from seeds import over_seeds
    import training as course

    models = listings()
    printed, ten = [], {"model1": [], "model3": []}
    for _ in range(repeats):
        printed.append(seconds(run, keras.Model.fit, models["model1"], quick, verbose=0))
        os.environ.update(SETTINGS)   # of a lesson's workers; this process has its threads already
        for name, times in ten.items():
            get_reusable_executor().shutdown()   # a lesson starts its workers, too
            listing = models[name]   # alone, for it is sent to the workers
            times.append(seconds(over_seeds, lambda seed: run(course.fit, listing, quick) or 0,
                                 range(10)))
    for name, times in ten.items():
        ratios = sorted(t / p for t, p in zip(times, printed))
        yield (f"ten seeds of `{name}` through `over_seeds`, against one printed run of `model1`",
               f"{median(times):.1f} s, {median(printed):.1f} s: {median(ratios):.2f} of it "
               f"({ratios[0]:.2f} to {ratios[-1]:.2f})")


def lessons(quick):
    """Return the paths of the lessons, the shortest first; that alone if `quick`."""
    paths = sorted((ROOT / "lessons").glob("*.ipynb"), key=lambda path: path.stat().st_size)
    return paths[:1] if quick else paths


def copy_of_this_book(folder, kept):
    """Return a Book in `folder` like this one, which has the lessons `kept` of those with code."""
    book = Book(folder)
    book.copy(*subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate"],
        cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines())
    left_out = {path.stem for path in lessons(quick=False)} - {path.stem for path in kept}
    for name in left_out:
        (book.folder / f"lessons/{name}.ipynb").unlink()
    toc = yaml.safe_load((book.folder / "_toc.yml").read_text(encoding="utf8"))
    for part in toc["parts"]:
        part["chapters"] = [chapter for chapter in part["chapters"]
                            if Path(chapter["file"]).name not in left_out]
    toc["parts"] = [part for part in toc["parts"] if part["chapters"]]
    book.write("_toc.yml", yaml.safe_dump(toc, sort_keys=False))
    return book


def edit(path, change):
    notebook = json.loads(path.read_text(encoding="utf8"))
    change(notebook["cells"])
    path.write_text(json.dumps(notebook), encoding="utf8")


def building(quick, repeats):
    kept = lessons(quick)
    with tempfile.TemporaryDirectory() as folder:
        book = copy_of_this_book(folder, kept)
        if quick:   # there are references to the lessons that it lacks
            book.strict = []
        lesson = book.folder / "lessons" / kept[0].name
        imported = re.search(r"^import (model\d)", lesson.read_text(encoding="utf8")
                             .replace('"', "\n").replace("\\n", "\n"), re.M).group(1)

        def build():
            succeeded, printed = book.build()
            if not succeeded:
                sys.exit(printed)
            built.extend(executed(printed))

        def row(what, repeats=1):
            built.clear()
            took = median([seconds(build) for _ in range(repeats)])
            return what, f"{took:.1f} s; executed: {', '.join(built) or 'nothing'}"

        built = []
        yield row("a build from nothing")
        yield row("with nothing changed", repeats)
        edit(lesson, lambda cells: cells[0].update(source=[*cells[0]["source"], "\n\nMore prose."]))
        yield row(f"after a change of prose in `{lesson.stem}`")
        edit(lesson, lambda cells: cells.insert(-1, {
            "cell_type": "code", "id": "one-more", "metadata": {}, "source": "one_more = 1",
            "execution_count": None, "outputs": []}))
        yield row(f"after a change of one cell of `{lesson.stem}`")
        model = book.folder / f"code/{imported}.py"
        model.write_text(model.read_text(encoding="utf8") + "# edited\n", encoding="utf8")
        yield row(f"after a change of `code/{model.name}`")

        html = book.folder / "_build/html"
        pages = {page.name: page.stat().st_size for page in html.rglob("*.html")}
        heaviest = max(pages, key=pages.get)
        yield ("the site; its heaviest page; the Python environment",
               f"{megabytes(html):.1f} MB; `{heaviest}`, {pages[heaviest] // 1000} kB; "
               f"{megabytes(Path(sys.prefix)) / 1000:.1f} GB")
        shutil.rmtree(book.folder / "_build")
        # with this environment in the place of one that the copy would install
        preview = ["make", "preview", f"BIN={BIN}", "INSTALLED="]
        yield "`make preview` from nothing", "{:.1f} s".format(seconds(
            subprocess.run, preview, cwd=book.folder, stdout=subprocess.DEVNULL, check=True))


def megabytes(folder):
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def memory(quick, repeats):
    cores = sorted(psutil.Process().cpu_affinity())[:2]
    for path in lessons(quick):
        one, both = peak(path, cores[:1]), peak(path, cores)
        yield (f"`{path.stem}`: most memory of kernel and workers, seconds; on one core and on two",
               "{:.0f} MiB, {:.0f} s; {:.0f} MiB, {:.0f} s".format(*one, *both))


def peak(path, cores):
    """Execute the lesson on these cores; return the peak in MiB and the seconds it took.

    Memory is the proportional set size: what processes share counts once.
    """
    command = [BIN / "jupyter-nbconvert", "--to", "notebook", "--execute", "--log-level=ERROR",
               "--ExecutePreprocessor.timeout=-1", path, "--output-dir"]
    env = os.environ | {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        start, most = time.perf_counter(), 0
        running = subprocess.Popen([*command, folder], env=env, stdout=subprocess.DEVNULL,
                                   preexec_fn=lambda: os.sched_setaffinity(0, cores))
        while running.poll() is None:
            taken = 0
            for process in psutil.Process(running.pid).children(recursive=True):
                try:
                    taken += process.memory_full_info().pss
                except (psutil.NoSuchProcess, psutil.AccessDenied):   # it has just ended
                    pass
            most = max(most, taken)
            time.sleep(0.2)
    if running.returncode:
        sys.exit(f"{path.name} failed; see above")
    return most / 2**20, time.perf_counter() - start


PARTS = {part.__name__: part for part in (training, seeds, building, memory)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    data = find_data()
    versions = f"on {data}{', QUICK: these are no results' if options.quick else ''}"
    print(f"| what, {versions} | measured |\n| --- | --- |", flush=True)
    for part in options.only:
        for what, measured in PARTS[part](options.quick, 2 if options.quick else options.repeats):
            print(f"| {what} | {measured} |", flush=True)


if __name__ == "__main__":
    main()
