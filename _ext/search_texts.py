"""Excerpts in the search that need no server, and have words in them, not TeX.

Sphinx's search fetches each page that it finds to quote from it, which no browser allows to pages
from the file system. Here the search page has the texts with it.
"""

import html
import json
from pathlib import Path

from docutils import nodes

LEFT_OUT = (nodes.math, nodes.math_block, nodes.literal_block, nodes.raw, nodes.image, nodes.title)
START = "const pages = "
SCRIPT = """
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


def target(app):
    return Path(app.outdir, "_static/search-texts.js")


def read_texts(app):
    """Take the texts of the last build, since this one may write few of its pages."""
    text = target(app).read_text(encoding="utf8") if target(app).exists() else START + "{}"
    app.search_texts = json.JSONDecoder().raw_decode(text, len(START))[0]


def unwritten(app, env):
    """Have the pages written again whose texts are lost."""
    return sorted(env.found_docs - app.search_texts.keys()) if app.builder.format == "html" else []


def note_text(app, name, template, context, document):
    """Keep the text of a page as it is written: its references are words there, and no labels."""
    if document is not None:
        app.search_texts[name] = text_of(document)
    if name == "search":
        app.add_js_file("search-texts.js", priority=100)


def write_texts(app, exception):
    if exception is None and app.builder.format == "html":
        pages = {name: app.search_texts[name] for name in sorted(app.env.found_docs)}
        target(app).write_text(START + json.dumps(pages, ensure_ascii=False) + SCRIPT, encoding="utf8")


def setup(app):
    app.connect("builder-inited", read_texts)
    app.connect("env-updated", unwritten)
    app.connect("html-page-context", note_text)
    app.connect("build-finished", write_texts)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": False}
