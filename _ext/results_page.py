"""The `claims` directive: every claim of every lesson with what this build measured."""

import html
from pathlib import Path

from docutils import nodes
from jupyter_cache import get_cache
from sphinx.util.docutils import SphinxDirective

from lesson_dependencies import read_lesson


class Claims(SphinxDirective):
    """A table for each lesson of what it claims and what this build measured."""

    def run(self):
        self.env.note_reread()   # another lesson's outputs may change this page
        cache = get_cache(self.env.mystnb_config.execution_cache_path)
        lines = []
        for name in self.env.external_site_map:
            if name in self.env.lesson_digests:
                lesson = read_lesson(Path(self.env.doc2path(name)).read_text(encoding="utf8"))
                _, executed = cache.merge_match_into_notebook(lesson)
                lines += _claims_table(name, executed)
        return self.parse_text_to_nodes("\n".join(lines))


def _claims_table(name, executed):
    """Return the lines of the Markdown table of the claims that a lesson's outputs carry."""
    rows = []
    for index, cell in enumerate(executed.cells):
        for output in cell.get("outputs", []):
            claim = output.get("metadata", {}).get("claim")
            if claim:
                sentence = html.escape(claim["sentence"]).replace("|", "&#124;")
                rows.append(f'| <a href="{name}.html#cell-{index}">{sentence}</a> '
                            f'| {claim["shown"]} | {claim["needs"]} '
                            f'| {claim["lecture"] or ""} | {claim["verdict"]} |')
    head = [f"**[](/{name}.ipynb)**", "", "| claim | measured | needs | lecture | |",
            "| --- | --- | --- | --- | --- |"]
    return [*head, *rows, ""] if rows else []


def mark_cells(app, document):
    """Give each code cell an id that the table of claims can link to."""
    for cell in document.findall(lambda node: isinstance(node, nodes.container)
                                 and node.get("nb_element") == "cell_code"):
        cell["ids"].append(f"cell-{cell['cell_index']}")


def setup(app):
    app.setup_extension("lesson_execution")
    app.connect("doctree-read", mark_cells)
    app.add_directive("claims", Claims)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
