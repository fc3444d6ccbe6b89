"""What a link leads to, there to be shown beside the link: terms, sources, equations, captions of figures.

_static/previews/previews.js shows it, and takes it from the page where it is on the same page. What
is on another page comes with this one, so that it is there without a server and in this page's type.
"""

import functools
import html
import posixpath
from urllib.parse import unquote, urldefrag

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinxcontrib.bibtex.directives import BibliographyKey
from sphinxcontrib.bibtex.nodes import bibliography


@functools.cache
def targets(app, name):
    """Return the terms, sources, equations and figures of a page by their ids."""
    document = app.env.get_and_resolve_doctree(name, app.builder)
    return {id: node for node in document.findall(
                lambda node: isinstance(node, (nodes.term, nodes.citation, nodes.math_block, nodes.figure)))
            for id in node["ids"]}


def shown(node):
    """Return what is shown of a target: a copy without links."""
    if isinstance(node, nodes.term):
        parts = [nodes.paragraph("", "", nodes.strong("", node.astext())), *node.parent[-1].children]
    elif isinstance(node, nodes.citation):
        parts = [part for part in node.children if not isinstance(part, nodes.label)]
    elif isinstance(node, nodes.figure):   # of which the drawing weighs too much
        parts = [nodes.paragraph("", "", *part.children) for part in node.findall(nodes.caption)]
    else:
        parts = [node]
    copy = nodes.container("", *(part.deepcopy() for part in parts))
    for link in list(copy.findall(nodes.reference)):
        link.replace_self(nodes.inline("", "", *link.children))
    return copy


def add_previews(app, name, template, context, document):
    """Add what the links of a page lead to on other pages, out of sight."""
    if document is None:
        return
    links = {link["refuri"] for link in document.findall(nodes.reference)
             if link.get("internal") and "#" in link.get("refuri", "")}
    for link in sorted(links):
        page, anchor = urldefrag(link)
        page = posixpath.normpath(posixpath.join(posixpath.dirname(name), page)).removesuffix(".html")
        if page in app.env.found_docs and (node := targets(app, page).get(unquote(anchor))):
            preview = app.builder.render_partial(shown(node))["fragment"]
            context["body"] += f'<template data-of="{html.escape(link)}">{preview}</template>\n'


class EmptySources(SphinxPostTransform):
    """Have a page's sources filled anew each time it is resolved, here and to be written.

    sphinxcontrib.bibtex keeps their nodes from the first time and would add each text once more.
    """

    default_priority = 4   # before the one that fills them

    def run(self):
        sources = self.env.get_domain("cite").bibliographies
        for place in self.document.findall(bibliography):
            for node in sources[BibliographyKey(place["docname"], place["ids"][0])].citation_nodes.values():
                node.clear()


def setup(app):
    app.add_post_transform(EmptySources)
    # before drawn_math, which adds the letters of the formulas
    app.connect("html-page-context", add_previews, priority=400)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
