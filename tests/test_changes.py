"""A term's build beside the last one: what counts as moved, and what does not."""

import copy
import json
import re
import subprocess
import sys

import numpy as np
import pytest

import changes as changes_module
from book import SmallBook, notebook
from changes import _allowed, changes
from typesetting import typeset

CLAIM = {"sentence": "L2 gains", "measured": 0.158, "at_least": 0.1, "at_most": None,
         "needs": "at least 0.1", "verdict": "holds"}


def equals(number, tolerance=0):
    return {"at_least": number - tolerance, "at_most": number + tolerance, "needs": f"{number} within {tolerance}"}


PARAMETERS = {**CLAIM, "sentence": "parameters", "measured": 10, **equals(10)}
DERIVED = {**CLAIM, "sentence": "as derived", "measured": 0.465, **equals(0.431, 0.1)}
RECORD = {"environment": {"Keras": "3.15.0", "data": "MNIST"},
          "lessons": {"regularization": {"claims": [CLAIM, PARAMETERS, DERIVED],
                                         "methods": {"L2 0.001 (test accuracy)": [0.783, 0.010, 10],
                                                     "plain (test accuracy)": [0.625, 0.024, 10]}}}}


def moved(change):
    """Return what is said of each row that moved, after `change` was done to the record."""
    now = copy.deepcopy(RECORD)
    change(now, now["lessons"]["regularization"])
    return [f"{lesson}: {what}: {why}" for lesson, what, _, _, why in changes(RECORD, now) if why]


def test_nothing_differs_from_itself():
    assert changes(RECORD, copy.deepcopy(RECORD)) == []


def test_the_newest_release_is_the_last_by_its_day(tmp_path, monkeypatch):
    monkeypatch.setattr(changes_module, "RESULTS", tmp_path)
    assert changes_module.last_release() is None
    for name, day in [("2027-winter", "2027-04-20"), ("2027-fall", "2027-12-10")]:
        (tmp_path / f"{name}.json").write_text(json.dumps({"day": day}))
    assert changes_module.last_release()[0] == "2027-fall", "the alphabet is not the order of terms"


def test_another_version_is_a_difference_and_moves_nothing():
    now = copy.deepcopy(RECORD)
    now["environment"]["Keras"] = "3.16.0"
    assert changes(RECORD, now) == [("", "Keras", "3.15.0", "3.16.0", "")]


@pytest.mark.parametrize(["change", "said"], [
    (lambda now, lesson: lesson["methods"].update({"L2 0.001 (test accuracy)": [0.750, 0.010, 10]}),
     "L2 0.001 (test accuracy): its mean moved by -0.033; the spread over seeds allows 0.0"),
    (lambda now, lesson: lesson["claims"][0].update(measured=0.12),
     "L2 gains: more than half of its room to 0.1 is gone"),
    (lambda now, lesson: lesson["claims"][0].update(needs="at least 0.05", at_least=0.05),
     "L2 gains: it is judged otherwise"),
    (lambda now, lesson: lesson["claims"][0].update(needs="0.1", at_most=0.2), "L2 gains: it is judged otherwise"),
    (lambda now, lesson: lesson["claims"][1].update(equals(11)), "parameters: it is judged otherwise"),
    (lambda now, lesson: lesson["claims"][2].update(equals(0.5, 0.1)), "as derived: it is judged otherwise"),
    (lambda now, lesson: lesson["claims"].clear(), "L2 gains: this claim is lost"),
    (lambda now, lesson: lesson["methods"].pop("plain (test accuracy)"), "this method is lost"),
    (lambda now, lesson: now["lessons"].clear(), "this claim is lost")])
def test_what_moved_is_named_with_its_lesson_and_why(change, said):
    assert any(line.startswith("regularization: ") and said in line for line in moved(change)), moved(change)


@pytest.mark.parametrize("change", [
    lambda now, lesson: lesson["methods"].update({"L2 0.001 (test accuracy)": [0.775, 0.012, 10]}),
    lambda now, lesson: lesson["claims"][0].update(measured=0.14),
    lambda now, lesson: lesson["claims"][0].update(measured=0.9),
    lambda now, lesson: lesson["claims"][0].update(needs="at least 0.1012", at_least=0.1012),
    lambda now, lesson: lesson["claims"][0].update(needs="at least 0.100"),
    lambda now, lesson: lesson["claims"][2].update(equals(0.435, 0.1)),
    lambda now, lesson: lesson["claims"].append({**CLAIM, "sentence": "something new"}),
    lambda now, lesson: now["lessons"].update(new={"claims": [], "methods": {"x": [1, 0.1, 3]}})])
def test_what_the_seeds_scatter_and_what_is_new_moves_nothing(change):
    assert not moved(change)


def test_a_comparison_in_which_nothing_changed_rarely_raises_an_alarm():
    rng, alarms, methods = np.random.default_rng(0), 0, 50
    for _ in range(400):
        was, now = ([[np.mean(runs), np.std(runs, ddof=1), 10] for runs in rng.normal(size=(methods, 10))]
                    for _ in range(2))
        alarms += any(abs(a[0] - b[0]) > _allowed(a, b, 0.05 / methods) for a, b in zip(was, now))
    assert alarms / 400 < 0.08


def test_a_release_is_kept_and_compared_with_by_two_commands(tmp_path):
    book = SmallBook(tmp_path)
    book.copy("code/claims.py", "tools")
    source = ('import sys; sys.path.insert(0, "../code")\nimport claims\n'
              'claims.claim("two is large", {}, at_least=1e6)\n'
              'claims.claim("as derived", 0.465, equals=0.431, tolerance=0.1)')
    book.write("index.md", "# The book\n\n```{changes}\n```\n")

    def compare(*arguments):
        succeeded, printed = book.build()
        assert succeeded, printed
        run = subprocess.run([sys.executable, "tools/compare.py", *arguments], cwd=tmp_path,
                             capture_output=True, text=True)
        return run.returncode, run.stdout + run.stderr

    book.lessons(one=notebook(source.format("2000000.13")))   # digits that differ in each build
    assert compare() == (1, "results/ keeps no release to compare with: make record NAME=... keeps this one\n")
    assert compare("2027-winter")[0] == 0
    kept = json.loads((tmp_path / "results/2027-winter.json").read_text())
    large, derived = kept["lessons"]["one"]["claims"]
    assert large["measured"] == 2e6
    assert (derived["at_least"], derived["at_most"]) == (0.331, 0.531), derived
    code, printed = compare()
    assert code == 0 and "0 differences from 2027-winter; conclusions that moved: 0" in printed
    assert "Since the release 2027-winter: no conclusion moved." in book.page("index"), "the page knows no release"
    book.lessons(one=notebook(source.format("1.2e6")))
    code, printed = compare()
    assert code == 1 and "MOVED one: two is large\n" in printed and "2027-winter: 2" in printed
    shown = re.findall("<p>(.*?)</p></td>", book.page("index"))
    assert typeset("1.2e+06") in shown, f"not what was measured, as pages show numbers: {shown}"
