"""The lessons' slides: what there is to see in a cell is on the slide, its prose in the speaker's notes.

A cell is marked in its metadata as Jupyter does it: `slide` begins a slide, a `fragment` is added to it
at a click, `notes` is for the speaker, and what is not marked is not in the deck. Every build writes
the slides of a lesson when it writes the page, from the same nodes; tools/slides.py makes decks of them.
"""

import html
import re
from math import ceil
from pathlib import Path

import nbformat
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from drawn_math import call
from figures import read_with_figures
from lesson_execution import PREVIEW

KINDS = ("slide", "fragment", "notes", "skip")
FIELDS = {"title", "points", "show", "question"}
CLAIMS = 4   # on one slide, at most
NARROW = re.compile(r'<svg [^>]*class="narrow".*?</svg>', re.DOTALL)
SEEN = (nodes.bullet_list, nodes.enumerated_list, nodes.math_block, nodes.literal_block, nodes.table,
        nodes.figure)
SPARE = (nodes.raw, nodes.target, nodes.comment)   # what works in a page alone, such as the laboratory


def folder(site):
    """Return where the slides of the lessons of this built site are kept."""
    return Path(site).parent / ".slides"


def read_with_slides(text):
    """Return the notebook in `text` as its page shows it, with a mark behind each cell of a slide."""
    notebook = read_with_figures(text)
    cells = notebook.cells
    kinds = [cell.metadata.get("slideshow", {}).get("slide_type", "skip") for cell in cells] + ["skip"]
    notebook.cells = []
    for number, (cell, kind, following) in enumerate(zip(cells, kinds, kinds[1:])):
        cell.metadata["number"] = number   # in the lesson, which has no marks
        notebook.cells.append(cell)
        if {kind, following} != {"skip"}:
            notebook.cells.append(mark(kind, cell.metadata.get("slide", {}), cell.id))
    return notebook


def mark(kind, fields, name):
    """Return a cell with the directive that tells what to do with the cell before it.

    fields: `title`, in the place of the cell's heading or caption; `points`, lines in the place of its lists;
    `show`, the labels of its formulas that are shown, in the place of all; `question`, the number of
    the one that is asked, with its answers.
    """
    if kind not in KINDS or fields.keys() - FIELDS:
        raise ValueError(f"cell {name}: a slide is one of {', '.join(KINDS)} with {', '.join(sorted(FIELDS))}, "
                         f"not {kind} with {', '.join(fields)}")
    options = [f":{key}: {value if isinstance(value, int) else ' '.join(value) or 'none'}"
               for key, value in fields.items() if key in ("show", "question")]
    title = [":titled:", "", fields["title"]] if "title" in fields else []
    points = [f"- {point}" for point in fields.get("points", [])]
    lines = [f"::::{{slide-mark}} {kind}", *options, *title, "", *points, "::::"]
    return nbformat.v4.new_markdown_cell("\n".join(lines), id=f"{name}-slide")


class slide_mark(nodes.General, nodes.Element):
    """What the metadata of a cell says, behind the nodes of the cell."""


class SlideMark(SphinxDirective):
    required_arguments = 1
    option_spec = {"show": str.split, "question": int, "titled": directives.flag}
    has_content = True

    def run(self):
        self.env.metadata[self.env.docname]["slides"] = True
        result = slide_mark("", kind=self.arguments[0], titled="titled" in self.options,
                            show=self.options.get("show"), question=self.options.get("question"))
        self.state.nested_parse(self.content, self.content_offset, result)
        return [result]


class Slide:
    """A slide under construction: its title, what is seen on it, and what the speaker says."""

    def __init__(self):
        self.title, self.seen, self.said = None, [], []

    def add(self, cell, how):
        """Add the nodes of a cell, as the mark behind it says."""
        points = list(how)
        titled = points.pop(0) if how["titled"] else None
        seen = []
        for node in choose_question(cell, how["question"]) if how["question"] else cell:
            for part in parts(node):
                if isinstance(part, (nodes.title, nodes.caption)):
                    titled = titled or part
                elif how["kind"] != "notes" and is_seen(part, how, points):
                    seen.append(part)
                elif isinstance(part, (nodes.TextElement, nodes.Body)) and not isinstance(part, SPARE):
                    self.said.append(part)
        seen += points
        self.title = self.title or titled
        self.seen += [(part, how["kind"] == "fragment" or "answer" in part["classes"]) for part in seen]


def parts(node):
    """Return what of a node of a page may be on a slide or in its notes."""
    classes = node.get("classes", [])
    if "lesson-about" in classes:
        return []
    if "cell" in classes:   # of a cell of code its outputs, or else its code
        inner = [child for child in node if "cell_output" in child["classes"]] or node.children
        inner = [grand for child in inner for grand in child]
        figures = [child for child in inner if isinstance(child, nodes.figure)]
        return [part for child in figures or inner for part in parts(child)]
    if isinstance(node, nodes.figure):
        return [child for child in node if isinstance(child, nodes.caption)] + [node]
    if isinstance(node, nodes.container) and node.get("nb_element"):
        return [part for child in node for part in parts(child)]
    return [node]


def is_seen(node, how, points):
    if isinstance(node, nodes.math_block):
        return how["show"] is None or node.get("label") in how["show"]
    if isinstance(node, (nodes.bullet_list, nodes.enumerated_list)):
        return not points
    classes = node.get("classes", [])
    return (isinstance(node, SEEN) or isinstance(node, nodes.raw) and "drawing" in node.astext()
            or bool({"claim", "lesson-question", "literal-block-wrapper", "question", "answer"} & set(classes)))


def choose_question(cell, number):
    """Return the question of that number for a class: its answers as a list, then the right one."""
    start = next(place for place, node in enumerate(cell) if node.astext().startswith(f"{number}. "))
    answers, right, wrong = nodes.enumerated_list(enumtype="upperalpha"), None, []
    for letter, details in zip("ABCDEF", cell[start + 1:]):
        if type(details).__name__ != "dropdown_main":
            break
        summary, body = details
        answers += nodes.list_item("", nodes.paragraph("", "", *(
            child.deepcopy() for child in summary[0].children)))
        reason = nodes.paragraph("", "", nodes.strong("", f"{letter}. "), *(
            child.deepcopy() for child in body[0].children))
        if body.astext().startswith("Right"):
            right = reason
            right["classes"] = ["answer"]
        else:
            wrong.append(reason)
    question = nodes.paragraph("", cell[start].astext().removeprefix(f"{number}. "), classes=["question"])
    title = nodes.title("", "A question to the class")
    return [title, question, answers, *wrong, right]


class Writer:
    """Turns nodes of one page into HTML that may stand on a slide of any deck."""

    def __init__(self, app, name):
        self.app, self.name = app, name.split("/")[-1]
        # what Sphinx tells its builder only before it writes the page: equations are numbered by it
        app.builder.current_docname, app.builder.fignumbers = name, app.env.toc_fignumbers.get(name, {})

    def html(self, *parts):
        box = nodes.container("", *(part.deepcopy() for part in parts))
        for node in list(box.findall(nodes.Element)):
            if node.get("ids") and not isinstance(node, nodes.math_block):   # whose number is a link to itself
                node["ids"] = []
        for link in list(box.findall(nodes.reference)):
            if "://" not in link.get("refuri", ""):   # leads to a page of the book
                link.replace_self(nodes.inline("", "", *link.children))
        for figure in list(box.findall(nodes.figure)):
            figure[:] = [child for child in figure if not isinstance(child, (nodes.caption, nodes.legend))]
        written = self.app.builder.render_partial(box)["fragment"]
        written = re.sub(r'<a class="headerlink".*?</a>', "", NARROW.sub("", written))
        written = re.sub(r'(id="|#)figure-', rf"\1{self.name}-figure-", written)
        return re.sub(r'^<div class="docutils container">|</div>$', "", written.strip()).strip()

    def inline(self, node):
        words = nodes.paragraph("", "", *(child.deepcopy() for child in node.children))
        return re.sub(r"^<p[^>]*>|</p>$", "", self.html(words).strip())

    def section(self, slide, first):
        claims = [part for part, _ in slide.seen if "claim" in part.get("classes", [])]
        others = [(part, late) for part, late in slide.seen if part not in claims]
        each = ceil(len(claims) / ceil(len(claims) / CLAIMS)) if claims else 1
        pages = [[(part, False) for part in claims[start:start + each]]
                 for start in range(0, len(claims), each)] or [[]]
        pages[0] = others + pages[0]
        title = self.inline(slide.title) if slide.title else ""
        sections = []
        for number, page in enumerate(pages, 1):
            of = f' <span class="of">{number} of {len(pages)}</span>' if len(pages) > 1 else ""
            body = "\n".join(f'<div class="{kind_of(part)}{" fragment" * late}">{self.html(part)}</div>'
                             for part, late in page)
            notes = f'<aside class="notes">{self.html(*slide.said)}</aside>' if slide.said else ""
            heading = "h1" if first else "h2"
            sections.append(f'<section{" class=first" * first}>\n'
                            f"<{heading}>{title}{of}</{heading}>\n{body}\n{notes}</section>")
        return "\n".join(sections)


def kind_of(node):
    """Return the class of a part of a slide, by which slides.css gives it its room."""
    classes = node.get("classes", [])
    if isinstance(node, (nodes.figure, nodes.raw)):
        return "picture"
    return next((name for name in ("claim-box", "question", "answer", "lesson-question")
                 if name.removesuffix("-box") in classes), "words")


def flat(node):
    """Return the nodes of a page in their order, without the sections and solutions around marked cells."""
    for child in node.children:
        if isinstance(child, nodes.section) or (
                not isinstance(child, slide_mark) and any(child.findall(slide_mark))):
            yield from flat(child)
        else:
            yield child


def gathered(document):
    """Return the slides that the marks in the document make of the cells before them."""
    slides, cell = [], []
    for node in flat(document):
        if not isinstance(node, slide_mark):
            cell.append(node)
            continue
        if node["kind"] == "slide":
            slides.append(Slide())
        if node["kind"] != "skip" and slides:
            slides[-1].add(cell, node)
        cell = []
    return slides


def write_slides(app, document, name):
    """Write the slides of a page that has any, and take their marks out of it."""
    if app.env.metadata[name].get("slides") is None:
        return
    written = app.builder.format == "html" and not PREVIEW
    slides = gathered(document) if written else []
    for mark in list(document.findall(slide_mark)):
        mark.parent.remove(mark)
    if not written:
        return
    writer = Writer(app, name)
    sections = [writer.section(slide, not number) for number, slide in enumerate(slides)]
    target = folder(app.outdir) / f"{Path(name).name}.html"
    target.parent.mkdir(exist_ok=True)
    title = html.escape(app.env.titles[name].astext())
    # a page that shows a term of this one may be half drawn: it needs its letters still
    target.write_text(f"<!-- {title} -->\n" + "\n".join(sections) + f"\n<svg class=\"glyphs\" "
                      f'aria-hidden="true">{call("glyphs", True)}</svg>\n', encoding="utf8")


def unwritten(app, env):
    """Have the pages written again whose slides are gone."""
    return [name for name in env.found_docs if env.metadata[name].get("slides")
            and not (folder(app.outdir) / f"{Path(name).name}.html").exists()] if not PREVIEW else []


def setup(app):
    app.setup_extension("figures")
    app.add_node(slide_mark, html=(lambda writer, node: None, lambda writer, node: None))
    app.add_directive("slide-mark", SlideMark)
    app.connect("doctree-resolved", write_slides, priority=900)
    app.connect("env-updated", unwritten)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": False}
