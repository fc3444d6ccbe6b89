"""Measure what training and building cost, each pair side by side; write it to _build/bench.json.

    make bench OPTIONS="[--quick] [--repeats N]"

--quick: a fiftieth of the epochs, and a book of one lesson: shows that everything runs.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "code"), str(ROOT / "_ext")]
os.environ["PROGRESS"] = "0"

from lesson_execution import find_data
import mnist   # before anything that loads TensorFlow: it silences the start-up notices

PEAK = """import resource
print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, "MiB")"""


def listings():
    """Return the lecture's five trainings: name, network, compile and fit arguments, x and y."""
    import model1, model3, model4, model5, model6
    import keras

    (x, y), _ = mnist.load_data()
    x, y = x.reshape(60000, 784), keras.utils.to_categorical(y, 10)
    small = dict(optimizer="sgd", loss="mean_squared_error", metrics=["accuracy"])
    large = dict(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return [
        ("model1", lambda: model1.get_model(30), small, (1000, 5), x[:500], y[:500]),
        ("model3", lambda: model3.get_model(30, 0.001), small, (1000, 5), x[:500], y[:500]),
        ("model4", lambda: model4.get_model(30, 0.2), small, (1000, 5), x[:500], y[:500]),
        ("model5", lambda: model5.get_model(30), large, (100, 100), x, y),
        ("model6", lambda: model6.get_model(30), large, (100, 100), x, y)]


def training(quick, repeats):
    """Time each listing with Keras's `fit` and with the course's, one after the other."""
    import keras
    from training import fit

    times = {}
    for name, get_model, how, (epochs, batch_size), x, y in listings():
        for _ in range(repeats):
            for helper, train in [("plain", keras.Model.fit), ("course", fit)]:
                keras.utils.clear_session()
                model = get_model()
                model.compile(**how)
                start = time.perf_counter()
                options = {"verbose": 0} if helper == "plain" else {}
                train(model, x, y, epochs=epochs // 50 if quick else epochs,
                      batch_size=batch_size, **options)
                times.setdefault(name, {}).setdefault(helper, []).append(
                    time.perf_counter() - start)
    return times


class Book:
    """A copy of this book to build, its lessons each with a cell that prints its peak memory."""

    def __init__(self, folder, lessons):
        files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True,
                               check=True).stdout.split()
        for name in files:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
        self.folder = folder
        for path in (folder / "lessons").glob("*.ipynb"):
            if path.stem not in lessons:
                path.unlink()
        kept = [line for line in (folder / "_toc.yml").read_text().splitlines()
                if "lessons/" not in line or line.split("/")[-1] in (*lessons, "how-to-run")]
        (folder / "_toc.yml").write_text("\n".join(kept) + "\n")
        for lesson in lessons:
            self.edit(f"lessons/{lesson}.ipynb", lambda notebook: notebook["cells"].append(
                {"cell_type": "code", "id": "peak", "metadata": {}, "source": PEAK,
                 "execution_count": None, "outputs": []}))

    def edit(self, name, change):
        path = self.folder / name
        notebook = json.loads(path.read_text(encoding="utf8"))
        change(notebook)
        path.write_text(json.dumps(notebook), encoding="utf8")

    def build(self, cores=None):
        """Build; return the seconds, and those of each lesson that was executed."""
        command = [Path(sys.executable).with_name("jupyter-book"), "build", "."]
        start = time.perf_counter()
        ran = subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True,
            preexec_fn=(lambda: os.sched_setaffinity(0, cores)) if cores else None)
        seconds = time.perf_counter() - start
        if ran.returncode:
            sys.exit(ran.stdout + ran.stderr)
        executed = re.findall(r"lessons/(\S+): executed in (\d+) s", ran.stdout + ran.stderr)
        return {"seconds": round(seconds, 1), "executed": {name: int(s) for name, s in executed}}

    def clean(self):
        shutil.rmtree(self.folder / "_build", ignore_errors=True)


def building(quick):
    lessons = ["over-fitting"] if quick else [path.stem for path in ROOT.glob("lessons/*.ipynb")]
    model = "code/model1.py" if quick else "code/model3.py"
    result = {}
    with tempfile.TemporaryDirectory() as folder:
        book = Book(Path(folder), lessons)
        result["cold"] = book.build()
        result["nothing changed"] = book.build()
        html = book.folder / "_build/html"
        result["peak MiB"] = {lesson: int(re.search(
            r"peak (\d+) MiB", (html / f"lessons/{lesson}.html").read_text(encoding="utf8")).group(1))
            for lesson in lessons}
        pages = {page.name: page.stat().st_size for page in html.rglob("*.html")}
        result["site MB"] = round(size(html), 1)
        result["heaviest page kB"] = max(pages.values()) // 1000
        book.edit("lessons/over-fitting.ipynb", lambda notebook: notebook["cells"][0].update(
            source="# Over-fitting\n\nOther prose."))
        result["prose edited"] = book.build()
        book.edit("lessons/over-fitting.ipynb", lambda notebook: notebook["cells"].insert(
            -1, {"cell_type": "code", "id": "one-more", "metadata": {}, "source": "one_more = 1",
                 "execution_count": None, "outputs": []}))
        result["one cell edited"] = book.build()
        with open(book.folder / model, "a", encoding="utf8") as file:
            file.write("# edited\n")
        result[f"{model} edited"] = book.build()
    with tempfile.TemporaryDirectory() as folder:
        book = Book(Path(folder), [name for name in lessons if name != "did-it-help"])
        result["cold without did-it-help"] = book.build()
        book.clean()
        result["cold without did-it-help, one core"] = book.build(
            cores={min(os.sched_getaffinity(0))})
    return result


def size(folder):
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    data = find_data()

    times = training(options.quick, 1 if options.quick else options.repeats)
    plain = sum(statistics.median(pair["plain"]) for pair in times.values())
    ours = sum(statistics.median(pair["course"]) for pair in times.values())
    print(f"a. Keras's fit against the course's, on {data}")
    for name, pair in times.items():
        ratios = sorted(p / c for p, c in zip(pair["plain"], pair["course"]))
        print(f"   {name}: {statistics.median(pair['plain']):.1f} s, "
              f"{statistics.median(pair['course']):.1f} s: {statistics.median(ratios):.1f} times "
              f"({ratios[0]:.1f} to {ratios[-1]:.1f})")
    print(f"   all five: {plain:.0f} s, {ours:.0f} s: {plain / ours:.1f} times", flush=True)

    builds = building(options.quick)
    for label in ["cold", "cold without did-it-help"]:
        print(f"b. {label}: {builds[label]['seconds'] / plain:.2f} of the five listings")
    for label, build in builds.items():
        if isinstance(build, dict) and "seconds" in build:
            print(f"c. {label}: {build['seconds']} s, executed {build['executed'] or 'nothing'}")
    one, all_cores = [builds["cold without did-it-help" + part]["seconds"]
                      for part in (", one core", "")]
    print(f"d. one core against all: {one / all_cores:.2f} times")
    environment = size(Path(sys.prefix))
    print(f"e. peak memory of each lesson: {builds['peak MiB']} MiB; site {builds['site MB']} MB, "
          f"heaviest page {builds['heaviest page kB']} kB; environment {environment:.0f} MB")
    (ROOT / "_build").mkdir(exist_ok=True)
    (ROOT / "_build/bench.json").write_text(json.dumps(
        {"data": data, "quick": options.quick, "training": times, "building": builds,
         "environment MB": round(environment)}, indent=1))


if __name__ == "__main__":
    main()
