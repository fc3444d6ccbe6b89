"""What changed since last term: this build's measurements beside those that a release keeps.

`record` gathers what a release keeps of a build, `changes` sets two of them beside each other. The
`changes` directive shows the comparison with the newest of results/.
"""

import json
import os
import platform
from datetime import date
from importlib.metadata import version

import numpy as np
from docutils import nodes
from scipy import stats
from sphinx.util.docutils import SphinxDirective
from sphinx_external_toc.parsing import parse_toc_yaml

from claim_cards import allowed
from kernel_environment import ROOT
from lesson_dependencies import read_lesson
from lesson_execution import CACHE, PREVIEW, find_outputs, open_cache
from provenance import tensorflow_version
from results_page import table
from typesetting import typeset

RESULTS = ROOT / "results"
CLAIM = ["sentence", "measured", "at_least", "at_most", "needs", "verdict"]
LEVEL = 0.05   # the chance of a false alarm in a whole comparison in which nothing changed


def record():
    """Return what the last build measured, as a release keeps it.

    For each lesson its claims (as CLAIM says) and, for each method of each of
    its comparisons, mean, standard deviation and number of the runs; beside them the versions, the
    data and the day. Raises LookupError naming a lesson that was not executed.
    """
    cache, lessons = open_cache(CACHE), {}
    for page in parse_toc_yaml(ROOT / "_toc.yml"):
        path = ROOT / f"{page}.ipynb"
        if not path.exists():
            continue
        executed = find_outputs(cache, read_lesson(path.read_text(encoding="utf-8-sig")))
        if executed is None:
            raise LookupError(f"{page} is not executed; make book does it")
        outputs = [output.metadata for cell in executed.cells for output in cell.get("outputs", [])
                   if "metadata" in output]
        lessons[path.stem] = {
            "claims": [{key: _rounded(claim[key], 6) for key in CLAIM} for claim in (
                _bounded(output["claim"]) for output in outputs if "claim" in output)],
            "methods": {f"{method} ({output['evidence']['quantity'].split(' (')[0]})": [
                _rounded(float(number), 4) for number in (np.mean(runs), np.std(runs, ddof=1), len(runs))]
                for output in outputs if "evidence" in output
                for method, runs in output["evidence"]["runs"]}}
    return {"day": date.today().isoformat(),
            "environment": {"Python": platform.python_version(), "Keras": version("keras"),
                            "TensorFlow": tensorflow_version(), "data": os.environ["COURSE_DATA"]},
            "lessons": lessons}


def _bounded(claim):
    """Return a claim with its bounds, which `equals` and `tolerance` may state instead."""
    low, high = (bound if np.isfinite(bound) else None for bound in allowed(claim))   # JSON has no infinity
    return {**claim, "at_least": low, "at_most": high}


def _rounded(value, digits):
    """Return a number of so many digits, since further ones would differ in each build; else the value."""
    return float(f"{value:.{digits}g}") if isinstance(value, float) else value


def last_release():
    """Return name and record of the newest release in results/, or None."""
    records = {path.stem: json.loads(path.read_text(encoding="utf8")) for path in RESULTS.glob("*.json")}
    return max(records.items(), key=lambda item: (item[1]["day"], item[0]), default=None)


def changes(before, now):
    """Return what differs between two records: a list of (lesson, what, before, now, moved).

    `moved` says why a conclusion moved, or is "": a claim that is lost, does not hold or asks for
    something else now, or that used up half of the room to its bound; a method whose mean moved by
    more than the spread over seeds allows (Welch's t, at a level that makes a false alarm in a
    comparison of all methods as rare as LEVEL).
    """
    rows = [("", name, before["environment"].get(name, ""), value, "")
            for name, value in now["environment"].items()
            if before["environment"].get(name) != value]
    count = sum(len(lesson["methods"]) for lesson in now["lessons"].values())
    for name in {**before["lessons"], **now["lessons"]}:
        old, new = (record["lessons"].get(name, {"claims": [], "methods": {}}) for record in (before, now))
        rows += [(name, *row) for row in _claims(old["claims"], new["claims"])]
        rows += [(name, *row) for row in _methods(old["methods"], new["methods"], LEVEL / max(count, 1))]
    return rows


def _claims(old, new):
    old, new = ({claim["sentence"]: claim for claim in claims} for claims in (old, new))
    for sentence in {**old, **new}:
        was, now = old.get(sentence), new.get(sentence)
        if now is None:
            yield sentence, _shown(was), "", "this claim is lost"
        elif was is None:
            yield sentence, "", _shown(now), ""
        elif was["verdict"] != now["verdict"] or _asks_otherwise(was, now):
            yield (sentence, f"{_shown(was)}, needs {was['needs']}, {was['verdict']}",
                   f"{_shown(now)}, needs {now['needs']}, {now['verdict']}", "it is judged otherwise")
        elif was["measured"] != now["measured"]:
            yield sentence, _shown(was), _shown(now), _room(was, now)


def _asks_otherwise(was, now):
    """Return whether a claim has another bound now; one that is measured may move by half of the room to it."""
    for old, new in [(was["at_least"], now["at_least"]), (was["at_most"], now["at_most"])]:
        room = 0 if None in (old, was["measured"]) else abs(was["measured"] - old)
        if old != new and (None in (old, new) or abs(old - new) > room / 2):
            return True
    return False


def _room(was, now):
    """Say so where a measurement used up more than half of its distance to a bound."""
    for bound in (was["at_least"], was["at_most"]):
        if bound is not None and None not in (was["measured"], now["measured"]):
            if abs(now["measured"] - bound) < abs(was["measured"] - bound) / 2:
                return f"more than half of its room to {bound:.4g} is gone"
    return ""


def _methods(old, new, level):
    for method in {**old, **new}:
        was, now = old.get(method), new.get(method)
        if now is None:
            yield method, _spread(was), "", "this method is lost"
        elif was is None:
            yield method, "", _spread(now), ""
        elif was != now:
            allowed = _allowed(was, now, level)
            moved = now[0] - was[0]
            yield method, _spread(was), _spread(now), (
                f"its mean moved by {moved:+.3g}; the spread over seeds allows {allowed:.2g}"
                if abs(moved) > allowed else "")


def _allowed(was, now, level):
    """Return how far the means of two sets of runs may lie apart by their seeds alone."""
    (_, s, n), (_, t, m) = was, now
    variance = s**2 / n + t**2 / m
    if not variance:
        return 0
    degrees = variance**2 / ((s**2 / n)**2 / (n - 1) + (t**2 / m)**2 / (m - 1))
    return stats.t.ppf(1 - level / 2, degrees) * np.sqrt(variance)


def _shown(claim):
    return "none" if claim["measured"] is None else f"{claim['measured']:.4g}"


def _spread(method):
    return "{:.3f} ± {:.3f} ({:.0f} seeds)".format(*method)


class Changes(SphinxDirective):
    """A table of what this build measured otherwise than the last release, what moved first."""

    def run(self):
        # read again whenever a lesson is, and when there is another release
        self.env.metadata[self.env.docname].update(claims=True, release=True)
        if PREVIEW:
            return [nodes.paragraph("", "The comparison comes with make book.")]
        release = last_release()
        if release is None:
            return [nodes.paragraph("", "There is no earlier release to compare with.")]
        name, before = release
        rows = changes(before, record())
        moved = [row for row in rows if row[-1]]
        words = (f"Since the release {name}: no conclusion moved." if not moved else
                 f"Since the release {name}, {len(moved)} of what was concluded moved.")
        result = [nodes.paragraph("", words)]
        if rows:
            result.append(table(["lesson", "what", name, "this build", "moved"], [
                [nodes.Text(typeset(cell)) for cell in row] for row in sorted(rows, key=lambda row: not row[-1])]))
        return result


def read_again(app, env, added, changed, removed):
    """Return the pages that show another release now."""
    before, env.last_release = getattr(env, "last_release", None), last_release()
    return [name for name, of_page in env.metadata.items() if of_page.get("release")
            and before != env.last_release]


def setup(app):
    app.setup_extension("results_page")
    app.connect("env-get-outdated", read_again)
    app.add_directive("changes", Changes)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
