"""Pages written again when something changed that they show of another page.

A page has the lessons' titles in its sidebar, its neighbors' questions at its foot and, where a link
leads to them, terms, equations and captions of other pages. Sphinx writes a page again for its own source only.
"""

import hashlib

from docutils import nodes
from sphinx import addnodes


def digest_page(app, document):
    """Keep with a page what others may show of it."""
    shown = [document.next_node(nodes.title), *document.findall(addnodes.glossary),
             *document.findall(nodes.math_block), *document.findall(nodes.caption)]
    text = "\n".join(node.astext() for node in shown if node)
    app.env.metadata[app.env.docname]["shown_elsewhere"] = hashlib.sha256(text.encode()).hexdigest()


def pages_to_write(app, env):
    shown = [(name, env.metadata[name].get("question"), env.metadata[name].get("shown_elsewhere"))
             for name in env.external_site_map if name in env.found_docs]
    if shown == getattr(env, "shown_elsewhere", None):
        return []
    env.shown_elsewhere = shown
    return sorted(env.found_docs)


def setup(app):
    app.connect("doctree-read", digest_page)
    app.connect("env-updated", pages_to_write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
