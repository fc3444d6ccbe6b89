"""Excerpts in the search that need no server, and have words in them, not TeX.

Sphinx's search fetches each page that it finds to quote from it, which no browser allows to pages
from the file system. Here the search page has the texts with it.
"""

import html
import json

from docutils import nodes

LEFT_OUT = (nodes.math, nodes.math_block, nodes.literal_block, nodes.raw, nodes.image, nodes.title)
SCRIPT = """const pages = %s
const ask = window.fetch
window.fetch = (address, ...options) => {
  const name = Object.keys(pages).find(name => decodeURI(String(address)).endsWith(`${name}.html`))
  return name ? Promise.resolve(new Response(`<div role="main">${pages[name]}</div>`))
              : ask(address, ...options)
}
"""


def text_of(document):
    """Return the paragraphs of a page as HTML, without formulas, code and headings."""
    words = []
    for paragraph in document.findall(nodes.paragraph):
        parts = [text.astext() for text in paragraph.findall(nodes.Text)
                 if not isinstance(text.parent, LEFT_OUT)]
        words.append(html.escape("".join(parts)))
    return "<p>" + "</p> <p>".join(words) + "</p>"


def write_texts(app, exception):
    if exception is None and app.builder.format == "html":
        pages = {name: text_of(app.env.get_doctree(name)) for name in sorted(app.env.found_docs)}
        target = app.outdir / "_static/search-texts.js"
        target.write_text(SCRIPT % json.dumps(pages, ensure_ascii=False), encoding="utf8")


def add_script(app, name, template, context, document):
    if name == "search":
        app.add_js_file("search-texts.js", priority=100)


def setup(app):
    app.connect("html-page-context", add_script)
    app.connect("build-finished", write_texts)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
