"""Pages in which a network trains, in the reader's browser: the laboratory and the explorables.

    :::{laboratory} model3
    :settings: pixels=scaled learningRate=0.3
    :against: model1
    :controls: l2 pixels seed
    :views: weights
    :::

Without `controls` it is the whole laboratory. JupyterLab shows a directive that it does not know as
an error, and an empty HTML element not at all. So in a notebook the same is written as an element:

    <div class="laboratory" data-preset="model3" data-against="model1" data-controls="l2"></div>

and an explorable, which is there in notebooks alone, as `<div class="explorable" data-name="race">`.
Scripts and styles come with the pages that have such an element, and with no others.
"""

import json
import re
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

CODE = Path(__file__).parent.parent / "code"
SHARED = ["laboratory/network.js", "laboratory/charts.js", "laboratory/laboratory.css"]
FILES = {"laboratory": [*SHARED, "laboratory/training.js", "laboratory/settings.js",
                        "laboratory/keras_code.js", "laboratory/laboratory.js"],
         "explorable": [*SHARED, "explorables/explorables.js", "explorables/explorables.css"]}
ELEMENT = re.compile(rf'<div class="({"|".join(FILES)})"((?: data-\w+="[^"]*")*)></div>')
WITHOUT_SCRIPTS = {
    "laboratory": "Here a network trains in your browser. For that it needs JavaScript, which is "
                  "switched off or did not load; the figures of the lessons show such runs.",
    "explorable": "Here is a figure that moves. It needs JavaScript, which is switched off or did "
                  "not load; the figures beside it show the same."}

logger = logging.getLogger(__name__)


class interactive(nodes.General, nodes.Element):
    """An element that a script fills; until then it holds words for who has no scripts."""


def make(kind, options, location):
    """Return the node for an element of this kind; warn where it names a network that there is not."""
    for name in (options.get("preset"), options.get("against")):
        if name and not (CODE / f"{name}.py").exists():
            logger.warning("a laboratory's networks are those of code/: there is no %s.py", name,
                           location=location)
    return interactive("", nodes.paragraph("", WITHOUT_SCRIPTS[kind]), kind=kind, options=options)


class Laboratory(SphinxDirective):
    """A laboratory that starts with a network of the lecture."""

    required_arguments = 1
    option_spec = dict.fromkeys(["settings", "against", "controls", "views"], directives.unchanged)

    def run(self):
        for path in CODE.glob("model*.py"):   # which the page shows
            self.env.note_dependency(str(path))
        return [make("laboratory", {"preset": self.arguments[0], **self.options},
                     self.get_location())]


def read_elements(app, document):
    """Put the same nodes into the place of elements that are written as HTML."""
    for raw in list(document.findall(nodes.raw)):
        if found := ELEMENT.fullmatch(raw.astext().strip()):
            kind, options = found[1], dict(re.findall(r'data-(\w+)="([^"]*)"', found[2]))
            raw.replace_self(make(kind, options, raw))
    if any(node["kind"] == "laboratory" for node in document.findall(interactive)):
        app.env.metadata[app.env.docname]["laboratory"] = True   # the site needs the images


def visit(writer, node):
    kind, options = node["kind"], dict(node["options"])
    builder, page = writer.builder, writer.builder.current_docname
    if kind == "laboratory":
        options["home"] = builder.get_relative_uri(page, "laboratory")
    writer.body.append(writer.starttag(node, "div", CLASS=kind, **{
        f"data-{name}": value for name, value in options.items()}))
    if kind == "laboratory" and "controls" not in options:
        sources = {path.stem: path.read_text(encoding="utf8") for path in sorted(CODE.glob("model*.py"))}
        writer.body.append('<script type="application/json">'
                           + json.dumps(sources).replace("<", r"\u003c") + "</script>")


def depart(writer, node):
    writer.body.append("</div>\n")


def leave_out(app, config):
    """Take the files off the list of those for every page, which Jupyter Book makes of _static/."""
    rooms = {file.split("/")[0] for files in FILES.values() for file in files}
    for name in ["html_js_files", "html_css_files"]:
        config[name] = [file for file in config[name]
                        if not (isinstance(file, str) and file.split("/")[0] in rooms)]


def add_files(app, name, template, context, document):
    kinds = {node["kind"] for node in document.findall(interactive)} if document else set()
    for file in dict.fromkeys(file for kind in sorted(kinds) for file in FILES[kind]):
        if file.endswith(".js"):
            app.add_js_file(file, loading_method="defer")
        else:
            app.add_css_file(file)


def setup(app):
    app.setup_extension("laboratory_data")
    app.add_node(interactive, html=(visit, depart))
    app.add_directive("laboratory", Laboratory)
    app.connect("config-inited", leave_out)
    app.connect("doctree-read", read_elements)
    app.connect("html-page-context", add_files)
    return {"version": "1", "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
