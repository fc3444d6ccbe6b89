"""A class at once: a real JupyterHub on this computer, students who work on it, and what goes wrong in the middle."""

import os
import re
import shutil
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
import yaml
from joblib.externals.loky.backend import context

import load_test
import seeds
from book import SmallBook, notebook

ROOT = Path(__file__).parent.parent
VALUES = yaml.safe_load((ROOT / "hub/values.yaml").read_text(encoding="utf8"))


@pytest.fixture(scope="module")
def programs():
    """The folder of the programs of a student's image and of the hub."""
    if not os.environ.get("CI"):   # there, a test that is skipped would be one that nobody misses
        if sys.platform != "linux":
            pytest.skip("needs Linux, which tells the memory of a student's processes")
        if not shutil.which("npm"):
            pytest.skip("needs npm, for the hub's proxy")
    try:
        return load_test.install()
    except RuntimeError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"needs a network, for the hub: {error}")


def mebibytes(text):
    """Return what 2G or 512M is, as the hub reads it."""
    number, unit = re.fullmatch(r"([\d.]+)([MG])", text).groups()
    return float(number) * {"M": 1, "G": 1024}[unit]


def assert_nobody_failed(present, meter):
    table = "\n".join(load_test.report(present, meter))
    assert not any(student.trouble for student in present), table
    limit = mebibytes(VALUES["singleuser"]["memory"]["limit"])
    for student in present:
        taken = meter.container[student.name]
        assert 0 < taken < limit, f"{student.name} took {taken:.0f} MiB; hub/values.yaml allows {limit:.0f}\n{table}"


def test_two_students_lose_nothing_when_a_server_and_the_hub_are_killed(programs, tmp_path):
    present, meter = load_test.hold_class(tmp_path, programs, students=2, whole=0)
    assert_nobody_failed(present, meter)
    assert sum(student.returned for student in present) == 1, "one server was killed"


@pytest.mark.long
def test_twelve_students_at_once_train_and_three_of_them_run_the_whole_lesson(programs, tmp_path):
    present, meter = load_test.hold_class(tmp_path, programs, students=12, whole=3)
    print(*load_test.report(present, meter), "", *load_test.larger_classes(present, meter), sep="\n")
    assert_nobody_failed(present, meter)
    assert sum("whole lesson" in student.waited for student in present) == 3


def test_an_idle_server_is_stopped_and_its_student_finds_what_was_saved_and_what_is_new(programs, tmp_path):
    values = {**VALUES, "cull": {**VALUES["cull"], "timeout": 20, "every": 1}}
    (tmp_path / "values.yaml").write_text(yaml.safe_dump(values))
    with load_test.Hub(tmp_path, programs, tmp_path / "values.yaml") as hub:
        idle, busy = (load_test.Student(name, hub, "over-fitting") for name in ["idle", "busy"])
        idle.arrive()
        idle.save(idle.open())
        busy.arrive()
        working = threading.Thread(daemon=True, target=busy.kernel().run, args=[
            "import pathlib, time\nwhile not pathlib.Path.home().joinpath('enough').exists(): print(1); time.sleep(1)"])
        working.start()
        end, running = time.monotonic() + 180, {"idle"}
        while "idle" in running and time.monotonic() < end:
            time.sleep(1)
            running = {student for student, _ in hub.processes()}
        assert "idle" not in running, f"the idle server is still there: {hub.log()}"
        assert "busy" in running and working.is_alive(), "a server was stopped under a student who works"
        (hub.home("busy") / "enough").touch()
        working.join()

        course, home = tmp_path / "course", hub.home("idle") / "course"
        for name in ["over-fitting", "dropout"]:   # the student has saved one of them
            change(course / f"lessons/{name}.ipynb", "Corrected.")
        load_test.commit(course)
        idle.arrive()
        idle.open()   # with what was saved, or it raises
        assert "Corrected." in (home / "lessons/dropout.ipynb").read_text(), "the link did not bring what is new"
        (home / "lessons/over-fitting.ipynb").rename(home / "lessons/mine.ipynb")
        idle.arrive()
        assert "Corrected." in (home / "lessons/over-fitting.ipynb").read_text(), "nor beside one's own notebook"


def change(path, words):
    """Put a cell with these words into a notebook, where a student puts something, too, and at its end."""
    changed = nbformat.read(path, as_version=4)
    changed.cells.insert(1, nbformat.v4.new_markdown_cell(words))
    changed.cells.append(nbformat.v4.new_markdown_cell(words))   # which git would merge line by line
    nbformat.write(changed, path)


def test_a_lessons_page_links_to_its_notebook_in_the_course_that_the_hub_pulls(tmp_path):
    book = SmallBook(tmp_path)
    settings = (tmp_path / "term.yml").read_text(encoding="utf8")
    for name, address in [("students", load_test.REPOSITORY), ("jupyterhub", "https://hub.example.org/school")]:
        settings = settings.replace(f'{name}: ""', f"{name}: {address}")
    book.write("term.yml", settings)
    book.lessons(uses=notebook(SmallBook.USES))
    succeeded, printed = book.build()
    assert succeeded, printed
    expected = load_test.link("https://hub.example.org/school", "uses")
    assert expected in book.page("lessons/uses").replace("&amp;", "&"), f"the page does not link to {expected}"


def test_the_hub_shares_the_versions_of_the_course():
    """It is installed beside the student's image, which has those of the lock."""
    def versions(name):
        return dict(re.findall(r"^([\w.-]+)==([^\s;]+)", (ROOT / name).read_text(encoding="utf8"), re.M))

    lock, hub = versions("requirements.lock"), versions("hub/requirements.txt")
    other = {name: hub[name] for name in hub.keys() & lock.keys() if hub[name] != lock[name]}
    assert not other, f"hub/requirements.txt has other versions than the lock: {other}; see README.md, New versions"


def test_over_seeds_keeps_to_the_cores_and_the_memory_of_a_students_container(tmp_path, monkeypatch):
    """As in a container of Kubernetes, where the limits are those of cgroups and the cores those of the node."""
    student = VALUES["singleuser"]
    (tmp_path / "cpu.max").write_text(f"{int(student['cpu']['limit'] * 100_000)} 100000\n")
    (tmp_path / "memory.max").write_text(f"{int(mebibytes(student['memory']['limit']) * 2**20)}\n")
    monkeypatch.setattr(context, "os", SimpleNamespace(path=SimpleNamespace(
        exists=lambda path: path.endswith("/cpu.max"))))
    monkeypatch.setattr(context, "open", lambda path: open(tmp_path / "cpu.max"), raising=False)
    cores = context._cpu_count_cgroup(64)
    monkeypatch.setattr("joblib.cpu_count", lambda: cores)
    monkeypatch.setattr(seeds, "LIMITS", [str(tmp_path / "memory.max")])
    assert seeds._processes() == cores == student["cpu"]["limit"]
