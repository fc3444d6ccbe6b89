"""The `claims` directive: every claim of every lesson with what this build measured; and a role for one."""

from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective, SphinxRole

from lesson_execution import PREVIEW, read_executed
from solutions import closed
from typesetting import typeset

COLUMNS = ["claim", "measured", "needs", "lecture", "verdict"]


def lessons(env):
    """Return the texts of the lessons with code by their names, in the order of _toc.yml."""
    return {name: Path(env.doc2path(name)).read_text(encoding="utf8")
            for name in env.external_site_map if name in env.lesson_digests}


class Claims(SphinxDirective):
    """A table for each lesson of what it claims and what was measured."""

    def run(self):
        self.env.metadata[self.env.docname]["claims"] = True
        if PREVIEW:
            return [nodes.paragraph("", "The results come with make book.")]
        result = []
        for name, text in lessons(self.env).items():
            if rows := [self.row(name, index, claim) for index, claim in claims_of(text)]:
                result += [self.heading(name), table(COLUMNS, rows)]
        return result

    def heading(self, name):
        title = addnodes.pending_xref(
            "", nodes.inline(), refdomain="std", reftype="doc", reftarget=f"/{name}",
            refexplicit=False, refwarn=True, refdoc=self.env.docname)
        return nodes.paragraph("", "", nodes.strong("", "", title))

    def row(self, name, index, claim):
        sentence = link_to(self.env, name, index, claim["sentence"])
        return [sentence, *(nodes.Text(text) for text in (
            measurement(claim), typeset(claim["needs"]), typeset(claim["lecture"] or ""), claim["verdict"]))]


class OneClaim(SphinxRole):
    """What was measured for one claim, linked to its cell: {claim}`lesson: how its sentence begins`."""

    def run(self):
        self.env.metadata[self.env.docname]["claims"] = True
        if PREVIEW:
            return [nodes.inline("", "(measured by make book)")], []
        lesson, _, start = self.text.partition(": ")
        path = Path(self.env.doc2path(f"lessons/{lesson}"))
        found = [(index, claim) for index, claim in claims_of(path.read_text(encoding="utf8"))
                 if claim["sentence"].startswith(start)] if path.exists() else []
        if not found and lesson in closed():
            return [nodes.inline("", "measured in the solution of an exercise, which is not open yet")], []
        if len(found) != 1:
            return [], [self.inliner.reporter.error(
                f"{len(found)} claims of lessons/{lesson} begin with {start!r}; name one",
                line=self.lineno)]
        (index, claim), = found
        return [link_to(self.env, f"lessons/{lesson}", index,
                        f"measured {measurement(claim)}, needs {typeset(claim['needs'])}")], []


def claims_of(lesson):
    """Return the claims of a lesson, a notebook's text: pairs of a cell's number and what it recorded."""
    return [(index, output.metadata["claim"])
            for index, cell in enumerate(read_executed(lesson).cells)
            for output in cell.get("outputs", []) if "claim" in output.get("metadata", {})]


def measurement(claim):
    """Return what was measured as pages show it: 0 for what a notebook calls 0.0, for it is exact."""
    return "0" if claim["measured"] == 0 else typeset(claim["shown"])


def link_to(env, name, index, words):
    page = env.app.builder.get_relative_uri(env.docname, name)
    return nodes.reference("", words, internal=True, refuri=f"{page}#cell-{index}")


def table(columns, rows):
    """Return a table with the titles `columns` and `rows`, lists of nodes, whose text stays as it is."""
    def row(cells):
        return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", cell)) for cell in cells))

    group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in columns), cols=len(columns))
    group += nodes.thead("", row(map(nodes.Text, columns)))
    group += nodes.tbody("", *map(row, rows))
    return nodes.table("", group, classes=["colwidths-auto"], support_smartquotes=False)


def read_again(app, env, docnames):
    """Have the pages that show claims read whenever another page is."""
    if docnames:
        docnames += {name for name in env.found_docs if env.metadata[name].get("claims")
                     } - set(docnames)


def mark_cells(app, document):
    """Give each code cell an id that the table of claims can link to."""
    for cell in document.findall(lambda node: isinstance(node, nodes.container)
                                 and node.get("nb_element") == "cell_code"):
        cell["ids"].append(f"cell-{cell['cell_metadata'].get('number', cell['cell_index'])}")


def setup(app):
    app.setup_extension("lesson_execution")
    app.connect("env-before-read-docs", read_again, priority=600)   # lessons add pages of their own
    app.connect("doctree-read", mark_cells)
    app.add_directive("claims", Claims)
    app.add_role("claim", OneClaim())
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
