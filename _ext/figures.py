"""The lessons' figures as parts of their pages: inline, and in the page's own colors and type.

`plots.show` publishes a figure as SVG, with the words that describe it and a narrow drawing of the
same for phones. Both drawings go into the page, whose width decides which of them is to be seen.
"""

import itertools
import re
from xml.etree import ElementTree

from lesson_execution import read_executed

SVG, XLINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}"
# The colors of course.mplstyle in their order: figures.css has one of each for light and for dark pages.
METHODS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"]


def read_with_figures(text):
    """Return the notebook in `text` with the outputs of its execution, its figures as HTML."""
    notebook = read_executed(text)
    number = itertools.count(1)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if wide := output.get("data", {}).get("image/svg+xml"):
                words, narrow = output.data.get("text/plain"), output.metadata.get("narrow")
                if not words:
                    raise ValueError(f"a figure without a description: {cell.source[-200:]}")
                drawings = {"wide": wide, "narrow": narrow} if narrow else {"": wide}
                output.data = {"text/html": '<div class="drawing">' + "".join(
                    inline(svg, words, f"figure-{next(number)}", kind)
                    for kind, svg in drawings.items()) + "</div>"}
    return notebook


def inline(svg, words, name, kind=""):
    """Return Matplotlib's `svg` as an element of a page, which the `words` stand for.

    name: what its ids begin with, because those of two drawings on a page must differ.
    """
    root = ElementTree.fromstring(svg.encode())
    for child in root.findall(f"{SVG}metadata") + [
            defs for defs in root.findall(f"{SVG}defs") if defs.find(f"{SVG}style") is not None]:
        root.remove(child)   # its style would hold for all of the page
    paper = root.find(f"{SVG}g")   # the figure, whose first part is the white behind it
    paper.remove(paper.find(f"{SVG}g"))
    used = set(re.findall(r'(?:url\(|href=")#([\w-]+)', svg))
    for element in root.iter():
        element.tag = element.tag.removeprefix(SVG)
        if f"{XLINK}href" in element.attrib:
            element.set("href", element.attrib.pop(f"{XLINK}href"))
        if (own := element.attrib.pop("id", None)) in used:
            element.set("id", f"{name}-{own}")
        if element.get("href", "").startswith("#"):
            element.set("href", f"#{name}-{element.get('href')[1:]}")
        if clip := element.get("clip-path"):
            element.set("clip-path", clip.replace("#", f"#{name}-"))
        for attribute in {"d", "x", "y", "style"} & set(element.attrib):
            value = element.get(attribute)
            if attribute == "style":
                value = re.sub("#[0-9a-f]{6}", page_color, value)
                value = re.sub(r"font-family: [^;]*(; |$)", "", value)   # the page's
            else:
                value = re.sub(r"(\.\d\d)\d+", r"\1", value)
            element.set(attribute, value)
    root.attrib = {"viewBox": root.get("viewBox"), "width": root.get("width"), "class": kind,
                   "role": "img", "aria-label": words}
    return re.sub(r">\s+<", "><", ElementTree.tostring(root, encoding="unicode"))


def page_color(match):
    """Return what the page has for a color: one for each method, ink and paper mixed for a gray."""
    color = match[0]
    if color in METHODS:
        return f"var(--method-{METHODS.index(color)})"
    if len({color[1:3], color[3:5], color[5:7]}) == 1:
        ink = round(100 - int(color[1:3], 16) / 2.55)
        return "currentColor" if ink == 100 else f"color-mix(in srgb, currentColor {ink}%, var(--pst-color-background))"
    return color


def setup(app):
    app.setup_extension("lesson_execution")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
