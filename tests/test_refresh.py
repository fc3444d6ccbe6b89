"""What `make refresh` writes into a lesson."""

import json
import subprocess
import sys

from book import SmallBook, notebook

SOURCE = """import sys, time
from IPython.display import display
print("one")
sys.stdout.flush()
time.sleep(0.5)
print("two")
display({"image/svg+xml": '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" width="9pt" height="9pt"><g><g/></g></svg>', "text/plain": "a figure"}, raw=True, metadata={"kept": {}})
print("three")"""


def test_refresh_stores_texts_and_nothing_that_changes_by_chance(tmp_path):
    book = SmallBook(tmp_path)
    book.copy("tools/refresh.py")
    lesson = json.loads(notebook(SOURCE))
    kept = {"tags": ["hide-input"], "tolerance": 0.1}
    lesson["nbformat_minor"] = 5   # cells have ids, which stay
    for number, cell in enumerate(lesson["cells"]):
        cell["id"] = f"c{number}"
    lesson["cells"][1]["metadata"] = kept
    book.write("lessons/alone.ipynb", json.dumps(lesson))
    book.write("lessons/uses.ipynb", json.dumps(lesson))   # the same code: their outputs are kept under one name
    path = book.folder / "lessons/alone.ipynb"

    def refresh():
        assert book.build()[0]
        subprocess.run([sys.executable, book.folder / "tools/refresh.py"], check=True)
        return path.read_bytes()

    refreshed = refresh()
    cell = json.loads(refreshed)["cells"][1]
    assert (cell["id"], cell["metadata"], cell["execution_count"]) == ("c1", kept, 1)
    assert [output.get("text") or output["data"] for output in cell["outputs"]] == [
        ["one\n", "two\n"], {"text/plain": ["a figure"]}, ["three\n"]]
    assert cell["outputs"][1]["metadata"] == {}
    assert refreshed.endswith(b"}\n")
    assert refresh() == refreshed
    book.write("requirements.lock", "# another lock: the lesson is executed again\n")
    assert refresh() == refreshed
