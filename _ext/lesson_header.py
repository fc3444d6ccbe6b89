"""The top of a lesson's page: which of the course's lessons it is, and how many of its claims hold."""

from pathlib import Path

from docutils import nodes

from lesson_execution import PREVIEW
from results_page import claims_of


def places(env):
    """Return the lessons in the order of _toc.yml, each with the words for its place in it."""
    lessons = [name for name in env.external_site_map if name in env.lesson_digests]
    return {name: f"Lesson {number} of {len(lessons)}" for number, name in enumerate(lessons, 1)}


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
        words += [f"{holding} claims checked by code, all hold" if holding == len(claims) else
                  f"{holding} of {len(claims)} claims checked, the others are about MNIST",
                  "measured on MNIST" if claims and claims[0]["data"] == "MNIST" else
                  "measured on the stand-in for MNIST"]
    title = next(document.findall(nodes.title))
    section = title.parent
    section.insert(section.index(title) + 1, nodes.paragraph(
        "", " · ".join(words), classes=["lesson-about"]))
    question = section[section.index(title) + 2]
    if isinstance(question, nodes.paragraph) and question.astext().endswith("?"):
        question["classes"].append("lesson-question")


def setup(app):
    app.setup_extension("results_page")
    app.connect("env-before-read-docs", read_moved)
    app.connect("doctree-read", add_header)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
