"""make lesson: what it lays out is a lesson from the start."""

import subprocess
import sys

import pytest

import new_lesson
import test_lessons
from book import SmallBook

FORM = [test for name, test in vars(test_lessons).items() if name.startswith("test_") and name not in (
    "test_each_term_of_the_glossary_is_introduced_by_one_lesson",   # not about one lesson
    "test_every_cell_is_compared_with_a_run", "test_stored_outputs_are_text_that_a_reader_may_see")]


@pytest.mark.parametrize("check", FORM, ids=lambda test: test.__name__.removeprefix("test_"))
def test_a_new_lesson_has_the_form_of_the_others(check):
    check(new_lesson.lesson("weight-decay"))


def test_a_new_lesson_is_in_the_book_and_its_claims_hold(tmp_path):
    book = SmallBook(tmp_path)
    book.copy("tools", "code")
    book.write("code/outer.py", "answer = 42")
    add = [sys.executable, "tools/new_lesson.py"]
    printed = subprocess.run([*add, "weight-decay"], cwd=tmp_path, text=True, capture_output=True)
    assert "lessons/weight-decay.ipynb is laid out" in printed.stdout, printed.stderr
    book.strict = []   # nothing has been measured on the pages yet, and there is no glossary
    succeeded, built = book.build()
    assert succeeded, built
    assert "weight-decay.html" in book.page("index")
    assert book.page("lessons/weight-decay").count('class="claim holds') == 4
    for name, said in [("weight-decay", "there is a lesson weight-decay already"),
                       ("Weight Decay", "small letters, digits and hyphens"), ("", "small letters")]:
        refused = subprocess.run([*add, name], cwd=tmp_path, text=True, capture_output=True)
        assert refused.returncode and said in refused.stderr
