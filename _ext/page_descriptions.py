"""What a page is about, for who meets it elsewhere: a lesson's question, or a page's first sentences."""

import html
import re

from docutils import nodes

LONGEST = 160   # characters; search engines show no more


def description(app, name, document):
    if question := app.env.metadata[name].get("question"):
        return question
    first = next(document.findall(lambda node: isinstance(node, nodes.paragraph)
                                  and isinstance(node.parent, nodes.section)), None)
    said = ""
    for sentence in re.findall(r"\S.*?[.?!:](?=\s|$)", " ".join(first.astext().split()) if first else ""):
        if said and len(said) + len(sentence) >= LONGEST:
            break
        said += " " * bool(said) + sentence
    return said


def describe(app, name, template, context, document):
    if document is not None and (words := description(app, name, document)):
        context["metatags"] += f'<meta name="description" content="{html.escape(words)}">\n'
        context["meta"]["og:description"] = html.escape(words)   # for sphinxext.opengraph


def setup(app):
    app.setup_extension("lesson_header")   # finds the questions
    app.connect("html-page-context", describe, priority=400)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
