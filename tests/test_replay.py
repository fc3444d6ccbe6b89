"""What nbval does with the lessons of a small book: alone, after a build, and after a change."""

import json
import os
import subprocess
import sys

import pytest

from book import SmallBook, notebook


@pytest.fixture
def book(tmp_path):
    book = SmallBook(tmp_path)
    book.copy("conftest.py", "pytest.ini", "tests/replay.py", "tests/compare_numbers.py")
    return book


def lesson(source, printed, **metadata):
    """Return the text of a lesson of one cell and the output that is stored for it."""
    content = json.loads(notebook(source))
    content["cells"][1].update(execution_count=1, metadata=metadata, outputs=[
        {"output_type": "stream", "name": "stdout", "text": printed}])
    return json.dumps(content)


def nbval(book, folder="", data="MNIST"):
    """Test the lesson `alone` by itself, as in a new terminal; return whether it passed and the report."""
    book.write("code/mnist.py", f'print("{data}")')
    env = {name: value for name, value in os.environ.items()
           if name not in ("PROGRESS", "COURSE_DATA") and not name.startswith(("TF_", "PYTEST"))}
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "--numprocesses=0", "--color=no",
         book.folder / "lessons/alone.ipynb"],
        cwd=book.folder / folder, env=env, text=True, capture_output=True)
    return ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("folder", ["", "lessons"])
def test_a_lesson_alone_is_tested_as_all_are(book, folder):
    book.write("lessons/alone.ipynb", lesson(
        'import os\nif os.environ.get("PROGRESS") != "0":\n    print("1/9 [=>........]")\n'
        'print(os.environ["TF_NUM_INTRAOP_THREADS"], "mean 0.785 +- 0.010")',
        "1 mean 0.780 +- 0.012\n"))
    passed, report = nbval(book, folder)
    assert passed, report


def test_what_the_book_executed_is_not_executed_again(book, tmp_path_factory):
    executions = tmp_path_factory.mktemp("elsewhere") / "executions"   # beside it, it would be a dependency
    source = f'print("once", file=open({str(executions)!r}, "a"))\nprint("a mean: 0.785 +- 0.010")'
    book.write("lessons/alone.ipynb", lesson(source, "a mean: 0.785 +- 0.010\n"))
    succeeded, printed = book.build()
    assert succeeded, printed
    passed, report = nbval(book)
    assert passed, report
    assert executions.read_text() == "once\n", "nbval has executed the lesson again"

    book.write("lessons/alone.ipynb", lesson(source, "a mean: 0.740 +- 0.010\n"))
    passed, report = nbval(book)
    assert not passed, "another number is stored, and nbval has not noticed"
    assert executions.read_text() == "once\n", "what is stored changed, and the lesson was executed"

    book.write("requirements.lock", "# another lock\n")
    passed, report = nbval(book)
    assert executions.read_text() == "once\n" * 2, "the lock changed, and nbval read old outputs"

    (book.folder / "_build/.jupyter_cache/global.db").write_bytes(b"no database")
    passed, report = nbval(book)
    assert executions.read_text() == "once\n" * 3, f"the cache is damaged: {report}"


def test_a_difference_is_told_with_its_cell_and_both_numbers(book):
    source = 'print("L2 0.001   +0.010 +- 0.013")'
    book.write("lessons/alone.ipynb", lesson(source, "L2 0.001   +0.158 +- 0.013\n"))
    passed, report = nbval(book)
    assert not passed, "a gain that has become none is let pass"
    assert "alone.ipynb::Cell 0" in report
    assert ("a gain differs: stored +0.158, now +0.010, tolerance 0.02, "
            "in the line: L2 0.001   +0.158 +- 0.013") in report
    passed, report = nbval(book, data="stand-in")
    assert passed, f"on the stand-in numbers may have any size: {report}"
    book.write("lessons/alone.ipynb", lesson(source, "L2 0.001   +0.158 +- 0.013\n", tolerance=0.2))
    passed, report = nbval(book)
    assert passed, f"the cell's own tolerance is not used: {report}"


@pytest.mark.parametrize("source, stored", [
    ('print("a")', "a\n0.5\n"), ('print("a\\n0.5")', "a\n"),
    ('import sys; print("a"); print("0.5", file=sys.stderr)', "a\n"),
    ("pass", "a\n")], ids=["a line less", "a line more", "a notice", "no output"])
def test_an_output_more_or_less_is_told(book, source, stored):
    book.write("lessons/alone.ipynb", lesson(source, stored))
    passed, report = nbval(book)
    assert not passed
    assert "Cell outputs differ" in report


def test_of_a_figure_the_description_is_compared_and_not_the_drawing(book):
    content = json.loads(lesson(
        'from IPython.display import display\n'
        'display({"image/svg+xml": "<svg/>", "text/plain": "falls"}, raw=True, metadata={"narrow": ""})',
        ""))
    stored = {"output_type": "display_data", "data": {"text/plain": "falls"}, "metadata": {}}
    content["cells"][1]["outputs"] = [stored]
    book.write("lessons/alone.ipynb", json.dumps(content))
    passed, report = nbval(book)
    assert passed, report
    stored["data"]["text/plain"] = "rises"
    book.write("lessons/alone.ipynb", json.dumps(content))
    passed, report = nbval(book)
    assert not passed and "rises" in report
