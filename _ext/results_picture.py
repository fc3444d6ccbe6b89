"""Every run of every method that the lessons compared, drawn (`evidence`) and in tables (`evidence-tables`)."""

import html

import numpy as np
from docutils import nodes
from docutils.parsers.rst import directives
from scipy import stats
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from lesson_execution import PREVIEW, read_executed
from method_names import color_class
from results_page import lessons, table
from typesetting import typeset

logger = logging.getLogger(__name__)

COLUMNS = ["method", "mean ± sd", "gain, 95% interval", "seeds", "lecture"]
QUANTITY = "test accuracy"   # runs of other quantities are for their lesson alone
WIDTH, ROW, LEFT, RIGHT = 420, 42, 12, 408   # of the picture, in its own units


class Evidence(SphinxDirective):
    """A picture of the runs that lessons published with `plots.evidence`.

    With a lesson's name, of that lesson's runs of the `methods`, apart by ;.
    """

    optional_arguments = 1
    option_spec = {"methods": directives.unchanged_required}

    def run(self):
        self.env.metadata[self.env.docname]["claims"] = True   # read again whenever a lesson is
        if PREVIEW:
            return [nodes.paragraph("", "The results come with make book.")]
        if self.arguments:
            return self.of_one_lesson(f"lessons/{self.arguments[0]}")
        found = [(self.title(text), rows) for name, text in lessons(self.env).items()
                 if (rows := rows_of(name, text))]
        return self.show(found) if found else []

    def show(self, lessons):
        return [nodes.raw("", picture(lessons), format="html")]

    def of_one_lesson(self, name):
        rows = {row[0]: row for row in rows_of(name, lessons(self.env)[name])}
        methods = [method.strip() for method in self.options["methods"].split(";")]
        if unknown := set(methods) - set(rows):
            raise self.error(f"{name} publishes no runs of {unknown}, only of {list(rows)}")
        return [nodes.raw("", picture([("", [rows[method] for method in methods])]), format="html")]

    def title(self, text):
        heading = next(cell.source for cell in read_executed(text).cells
                       if cell.cell_type == "markdown")
        return heading.splitlines()[0].lstrip("# ")


class EvidenceTables(Evidence):
    """The numbers of that picture, a table a lesson."""

    optional_arguments, option_spec = 0, {}

    def show(self, lessons):
        return [node for title, rows in lessons for node in (
            nodes.paragraph("", "", nodes.strong("", title)),
            table(COLUMNS, [list(map(nodes.Text, describe(row))) for row in rows]))]


def rows_of(name, text):
    """Return (method, runs, reference and gains or None, the lecture's figure) for each method.

    text: the lesson `name`, a notebook.
    """
    found = {}
    for cell in read_executed(text).cells:
        for output in cell.get("outputs", []):
            record = output.get("metadata", {}).get("evidence")
            if record and record["quantity"].startswith(QUANTITY):
                for method, runs in record["runs"]:
                    reference = record["reference"]
                    gain = (None if reference in (None, method) else
                            (reference, np.subtract(runs, dict(record["runs"])[reference])))
                    row = (method, np.array(runs), gain, record["lecture"].get(method))
                    known = found.setdefault(method, row)[1]
                    if any(a != b for a, b in zip(known, runs)):   # fewer seeds are the same runs
                        logger.warning("two figures of %s call different runs %r", name, method)
    return list(found.values())


def thumbnail(rows):
    """Return a small SVG of the first methods' runs, or "" where there are none: for the eye alone."""
    if not rows:
        return ""
    rows = rows[:3]
    runs = np.concatenate([row[1] for row in rows])
    low, high = runs.min(), max(runs.max(), runs.min() + 0.01)
    dots = "".join(
        f'<g class="{color_class(method)}">' + "".join(
            f'<circle cx="{6 + 188 * (run - low) / (high - low):.1f}" cy="{8 + 13 * number}" r="3.5"/>'
            for run in values) + "</g>" for number, (method, values, *_) in enumerate(rows))
    return (f'<svg class="evidence thumbnail" aria-hidden="true" viewBox="0 0 200 {3 + 13 * len(rows)}">'
            f"{dots}</svg>")


def interval(values):
    """Return the mean and half the 95% interval, as `seeds.interval` does, without loading Keras."""
    half = stats.t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values))
    return np.mean(values), half


def describe(row):
    """Return the cells of a method's row in the table, as text."""
    method, runs, gain, lecture = row
    over = ""
    if gain is not None:
        mean, half = interval(gain[1])
        over = f"{mean:+.3f} ± {half:.3f} over {gain[0]}"
    spread = f"{np.mean(runs):.3f} ± {np.std(runs, ddof=1):.3f}"
    return [method, typeset(spread), typeset(over), str(len(runs)), "" if lecture is None else f"{lecture:.2f}"]


def picture(lessons):
    """Return an SVG: under each lesson's title a row a method, each run a dot, mean and interval."""
    runs = np.concatenate([row[1] for _, rows in lessons for row in rows])
    low, high = np.floor(runs.min() * 10) / 10, np.ceil(runs.max() * 10) / 10

    def x(accuracy):
        return LEFT + (RIGHT - LEFT) * (accuracy - low) / (high - low)

    ticks, parts, y = np.arange(low, high + 0.01, 0.1), [], 10
    for title, rows in lessons:
        if title:
            y += 24
            parts.append(f'<text class="lesson" x="0" y="{y}">{html.escape(title)}</text>')
        for method, values, _, lecture in rows:
            y += ROW
            mean, half = interval(values)
            parts.append(f'<text x="0" y="{y - 14}">{html.escape(method)}</text>')
            parts.append(f'<g class="{color_class(method)}">' + "".join(
                f'<circle cx="{x(value):.1f}" cy="{y - 4}" r="3"/>' for value in values) + "</g>")
            parts.append(f'<path d="M{x(mean - half):.1f} {y + 3}H{x(mean + half):.1f}'
                         f'M{x(mean):.1f} {y}v6"/>')
            if lecture is not None:
                parts.append(f'<path class="lecture" d="M{x(lecture) - 4:.1f} {y - 8}l8 8m0-8l-8 8"/>')
        y += 24   # a scale under each lesson: nobody scrolls to the end to read a dot
        parts += [f'<text class="tick" x="{x(tick):.1f}" y="{y}">{tick:.1f}</text>' for tick in ticks]
    grid = [f'<path class="grid" d="M{x(tick):.1f} 12V{y - 14}"/>' for tick in ticks]
    y += 22
    parts.append(f'<text class="tick" x="{WIDTH / 2}" y="{y}">accuracy on the 10,000 test images '
                 '(fraction correct)</text>')
    words = ("Test accuracy of every run of every method as a dot, under each the mean with its 95% "
             "interval, and a cross at the lecture's figure.")
    return (f'<svg class="evidence" role="img" aria-label="{words}" viewBox="0 0 {WIDTH} {y + 8}">'
            + "".join(grid + parts) + "</svg>")


def setup(app):
    app.setup_extension("results_page")
    app.add_directive("evidence", Evidence)
    app.add_directive("evidence-tables", EvidenceTables)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
