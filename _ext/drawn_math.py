"""Formulas drawn while the book is built: MathJax, run here, leaves SVG to see and MathML to hear.

A page needs no script for its formulas, and no reader waits for them. MathJax is a program for
browsers: here it runs in V8, with MathJax's own stand-in for a document.
"""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import mathjax
from docutils.nodes import SkipNode
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

FILES = ["startup.js", "core.js", "adaptors/liteDOM.js", "input/tex-full.js", "output/svg.js",
         "output/svg/fonts/tex.js"]
START = """
const adaptor = MathJax._.adaptors.liteAdaptor.liteAdaptor()
MathJax._.handlers.html_ts.RegisterHTMLHandler(adaptor)
const svg = new MathJax._.output.svg_ts.SVG({fontCache: "global",
                                             font: new MathJax._.output.svg.fonts.tex_ts.TeXFont()})
const tex = new MathJax._.input.tex_ts.TeX({packages: ["base", "ams", "boldsymbol"],
                                            formatError: (_, error) => { throw error }})
const page = MathJax._.mathjax.mathjax.document("", {InputJax: tex, OutputJax: svg})
const mathml = new MathJax._.core.MmlTree.SerializedMmlVisitor.SerializedMmlVisitor()
function draw(source, display) {
  const options = {display, em: 18, ex: 8, containerWidth: 1e6}
  const tree = page.convert(source, {...options, end: MathJax._.core.MathItem.STATE.CONVERT})
  return [adaptor.innerHTML(page.convert(source, options)), mathml.visitTree(tree)]
}
function glyphs() {
  const drawn = adaptor.outerHTML(svg.fontCache.getCache())
  svg.fontCache.clearCache()
  return drawn
}
"""

# for MathJax's own menu, and for drawings that are no part of an HTML page
SPARE = re.compile(r' (?:data-c|data-mml-node|data-mjx-[\w-]+|xmlns|xmlns:xlink|role|focusable)="[^"]*"')

logger = logging.getLogger(__name__)
machine = None


def call(function, *arguments):
    """Call one of the functions above; start V8 at the first call, in this very process."""
    global machine
    if machine is None:
        from py_mini_racer import MiniRacer

        machine = MiniRacer()
        machine.eval("globalThis.MathJax = {loader: {load: []}, startup: {typeset: false}}")
        files = Path(mathjax.__file__).parent / "static/mathjax/es5"
        for name in FILES:
            machine.eval((files / name).read_text(encoding="utf8"))
        machine.eval(START)
    return json.loads(machine.eval(
        f"JSON.stringify({function}({', '.join(map(json.dumps, arguments))}))"))


def drawn(node, source, display):
    """Return the HTML of a formula; warn, which fails the build, of one that MathJax cannot read."""
    try:
        picture, words = call("draw", source, display)
    except Exception as error:   # of V8, with MathJax's reason in its first line
        logger.warning("%s in the formula: %s", str(error).splitlines()[0], source, location=node)
        return ""
    return f'{lighter(picture)}<span class="mathml">{words}</span>'


def lighter(picture):
    """Return the same SVG with a third of its elements, which a browser lays out in that much less time."""
    root = ElementTree.fromstring(SPARE.sub("", picture).replace("xlink:href", "href"))
    root.attrib = {"aria-hidden": "true", **root.attrib}
    root[:] = without_groups(root)
    return ElementTree.tostring(root, encoding="unicode")


def without_groups(element):
    """Return the children of an element; of groups those that move or style several of them."""
    children = []
    for child in element:
        child[:] = without_groups(child)
        if child.tag == "g" and not child.attrib:
            children += child
        elif child.tag == "g" and len(child) == 1 and child.attrib.keys() == {"transform"}:
            moves = [child.get("transform"), child[0].get("transform", "")]
            child[0].set("transform", " ".join(moves).strip())
            children += child
        else:
            children.append(child)
    return children


def visit_inline(writer, node):
    writer.body.append('<span class="math">' + drawn(node, node.astext(), False) + "</span>")
    raise SkipNode


def visit_block(writer, node):
    source = node.astext().strip()
    if r"\\" in source and r"\begin" not in source:
        source = rf"\begin{{split}}{source}\end{{split}}"
    writer.body.append(writer.starttag(node, "div", CLASS="math"))
    if node["number"]:
        writer.body.append(f'<span class="eqno">({get_node_equation_number(writer, node)})')
        writer.add_permalink_ref(node, "Link to this equation")
        writer.body.append("</span>")
    writer.body.append('<div class="formula">' + drawn(node, source, True) + "</div></div>\n")
    raise SkipNode


def add_glyphs(app, name, template, context, document):
    """Add to a page the outlines of the letters that its formulas refer to."""
    if machine is not None and "body" in context:
        context["body"] += f'<svg class="glyphs" aria-hidden="true">{call("glyphs")}</svg>'


def setup(app):
    app.add_html_math_renderer("drawn", (visit_inline, None), (visit_block, None))
    app.connect("html-page-context", add_glyphs)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
