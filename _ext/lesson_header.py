"""What leads through the lessons: the top of each page, its neighbors, the sidebar, the cards."""

import re
from pathlib import Path

import nbformat
from docutils import nodes
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

from lesson_execution import PREVIEW
from results_page import claims_of, lessons
from results_picture import rows_of, thumbnail


def places(env):
    """Return the lessons in the order of _toc.yml, each with the words for its place in it."""
    names = lessons(env)
    return {name: f"Lesson {number} of {len(names)}" for number, name in enumerate(names, 1)}


class LessonCards(SphinxDirective):
    """The lessons in their order and parts: question, minutes, claims, and the runs of its first methods."""

    def run(self):
        self.env.metadata[self.env.docname]["claims"] = True   # read again whenever a lesson is
        result, numbers = [], places(self.env)
        for part in self.env.external_site_map[self.env.config.root_doc].subtrees:
            cards = [self.card(name, numbers[name]) for name in part.files() if name in numbers]
            if cards:
                result += [nodes.paragraph("", part.caption, classes=["part"]),
                           nodes.container("", *cards, classes=["lesson-cards"])]
        return result

    def card(self, name, place):
        text = Path(self.env.doc2path(name)).read_text(encoding="utf8")
        title, question, *_ = (line for cell in nbformat.reads(text, as_version=4).cells[:2]
                               for line in cell.source.splitlines() if line)
        words = [place.split(" of")[0]]
        if minutes := re.search(r"Reading takes about (\d+) minutes", text):
            words.append(f"{minutes[1]} minutes")
        picture = ""
        if not PREVIEW:
            words.append(f"claims checked:\N{NO-BREAK SPACE}{len(claims_of(text))}")
            picture = thumbnail(rows_of(name, text))
        link = addnodes.pending_xref(
            "", nodes.inline("", title.lstrip("# ")), refdomain="std", reftype="doc",
            reftarget=f"/{name}", refexplicit=True, refwarn=True, refdoc=self.env.docname)
        return nodes.container("", nodes.paragraph("", "", link, classes=["title"]),
                               nodes.paragraph("", question if question.endswith("?") else ""),
                               nodes.raw("", picture, format="html"),
                               nodes.paragraph("", " · ".join(words), classes=["lesson-about"]),
                               classes=["lesson-card"])


def read_moved(app, env, docnames):
    """Have the pages of lessons read whose place in the course is another one now."""
    docnames += {name for name, place in places(env).items()
                 if env.metadata[name].get("place") not in (None, place)} - set(docnames)


def add_header(app, document):
    """Put a line about the lesson under its title, and set off the question that follows."""
    name = app.env.docname
    if name not in app.env.lesson_digests:
        return
    words = [places(app.env)[name]]
    app.env.metadata[name]["place"] = words[0]
    if not PREVIEW:
        claims = [claim for _, claim in claims_of(Path(document["source"]).read_text(encoding="utf8"))]
        holding = sum(claim["verdict"] == "holds" for claim in claims)
        words += [f"claims that hold:\N{NO-BREAK SPACE}{holding} of {len(claims)}",
                  "measured on MNIST" if claims and claims[0]["data"] == "MNIST" else
                  "measured on the stand-in for MNIST"]
    title = next(document.findall(nodes.title))
    section = title.parent
    section.insert(section.index(title) + 1, nodes.paragraph(
        "", " · ".join(words), classes=["lesson-about"]))
    for question in section[section.index(title) + 2:][:1]:
        if isinstance(question, nodes.paragraph) and question.astext().endswith("?"):
            question["classes"].append("lesson-question")
            app.env.metadata[name]["question"] = question.astext()


def add_path(app, name, template, context, document):
    """Give the links to the neighbors their place and question, those of the sidebar their number."""
    numbers = places(app.env)
    _, *neighbors = app.builder.relations.get(name) or (None, None, None)
    for neighbor, link in zip(neighbors, (context.get("prev"), context.get("next"))):
        if neighbor and link:
            link["place"] = numbers.get(neighbor)
            link["question"] = app.env.metadata[neighbor].get("question")

    toctree = context["toctree"]
    shown = {context["pathto"](lesson): place.split()[1] for lesson, place in numbers.items()}

    def numbered(**options):
        entries = (toctree(**options) or "").replace('<a class="current', '<a aria-current="page" class="current')
        return re.sub('<a [^>]*href="([^"]+)">', lambda link: link[0] + (
            f'<span class="number">{shown[link[1]]}</span> ' if link[1] in shown else ""), entries)

    context["toctree"] = numbered


def setup(app):
    app.setup_extension("results_page")
    app.connect("env-before-read-docs", read_moved)
    app.connect("doctree-read", add_header)
    app.connect("html-page-context", add_path)
    app.add_directive("lesson-cards", LessonCards)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
