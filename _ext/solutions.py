"""Solutions that are not open yet: taken out of a lesson before anything else sees them.

What is left of one is what a student needs: an empty cell, and behind it the claims that judge the
answer. term.yml says when the solutions of a lesson open; the instructor's edition has them all.
"""

import ast
import os
import re
import shutil
import sys
from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import nbformat
from sphinx.util import logging

from kernel_environment import ROOT
from term import current, lesson_names

logger = logging.getLogger(__name__)


def is_open(lesson, term, now=None):
    """Return whether the solutions of `lesson` are open at the time `now`, that of this build."""
    opens = term["solutions"].get(lesson, term["solutions"]["all"])
    if opens in ("never", "always"):
        return opens == "always"
    zone = ZoneInfo(term["time_zone"])
    return datetime.fromisoformat(opens).replace(tzinfo=zone) <= (now or datetime.now(zone))


@cache
def edition():
    """Return "student" or "instructor": the variable COURSE_EDITION, or the first where it is not set."""
    if (name := os.environ.get("COURSE_EDITION", "student")) not in ("student", "instructor"):
        sys.exit(f"EDITION is student or instructor, not {name!r}")
    return name


@cache
def closed():
    """Return the names of the lessons whose solutions this edition leaves out."""
    return frozenset() if edition() == "instructor" else frozenset(
        name for name in lesson_names() if not is_open(name, current()))


@cache
def _name(text):
    """Return which lesson has this text; MyST-NB hands its readers no name."""
    return next((name for name in lesson_names()
                 if (ROOT / f"lessons/{name}.ipynb").read_text(encoding="utf-8-sig") == text), None)


def for_this_edition(notebook, text):
    """Return the `notebook` that was read from `text` as this edition shows it."""
    return without_solutions(notebook) if closed() and _name(text) in closed() else notebook


def student_notebook(text):
    """Return the lesson in `text`, a notebook, as students get it: this edition's, nothing of it run."""
    notebook = for_this_edition(nbformat.reads(text, as_version=4), text)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return nbformat.writes(notebook) + "\n"


def without_solutions(notebook):
    """Return the notebook with an empty cell and the claims in the place of each solution."""
    cells, solution, inside = [], [], False
    for cell in notebook.cells:
        if cell.cell_type == "code":
            (solution if inside else cells).append(cell)
            continue
        begins = inside
        cell.source, inside = _text_without_solutions(cell.source, inside)
        if begins and (not inside or solution):
            cells += _to_be_answered(solution)
            solution = []
        if cell.source:
            cells.append(cell)
    notebook.cells = cells
    return notebook


def _text_without_solutions(text, inside):
    """Return the text that is outside of solutions, and whether a solution is open at its end."""
    kept, fence = [], None   # the line that ends the directive that is being left out
    for line in text.splitlines():
        directive = re.match(r"(:{3,}|`{3,})\{solution(-start|-end)?\}", line)
        if fence is not None:
            fence = None if line.strip() == fence else fence
        elif directive:
            fence = directive[1]
            inside = {"-start": True, "-end": False}.get(directive[2], inside)
        elif not inside:
            kept.append(line)
    return "\n".join(kept).strip("\n"), inside


def _to_be_answered(solution):
    """Return the cells that stand for a solution's code: an empty one, and its claims."""
    claims, made, used = [], set(), set()
    for cell in solution:
        for statement in ast.parse(cell.source).body:
            names = [node for node in ast.walk(statement) if isinstance(node, ast.Name)]
            if "claims.claim(" in (source := ast.get_source_segment(cell.source, statement)):
                claims.append(source)
                used |= {name.id for name in names if isinstance(name.ctx, ast.Load)}
            else:
                made |= {name.id for name in names if isinstance(name.ctx, ast.Store)}
                made |= {getattr(statement, "name", None)}   # of a function
    if not solution:
        return []
    # "..." so that nothing of the same name from further up is judged in its place
    answer = "\n".join(["# Your answer, which the claim below judges",
                        *(f"{name} = ..." for name in sorted(made & used))])
    return [nbformat.v4.new_code_cell(answer, id=f"{solution[0].id}-answer"),
            nbformat.v4.new_code_cell("\n\n".join(claims), id=f"{solution[-1].id}-claim")]


def choose_edition(app, config):
    """Have all pages read again when other solutions are open than at the last build."""
    config.closed_solutions = sorted(closed())
    if closed():
        logger.info("without the solutions of: %s", ", ".join(config.closed_solutions))


def remove_sources(app, exception):
    """Leave none of the lessons' sources in the site, in which Sphinx copies them with their solutions."""
    if app.builder.format == "html":
        shutil.rmtree(Path(app.outdir, "_sources/lessons"), ignore_errors=True)


def setup(app):
    app.setup_extension("term")
    app.add_config_value("closed_solutions", [], "env", [list])
    app.connect("config-inited", choose_edition)
    app.connect("build-finished", remove_sources)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
