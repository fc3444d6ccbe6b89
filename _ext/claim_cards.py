"""Claims as cards: a sentence, what was measured, and a ruler of what may be.

In the lessons they stand for the lines of text that a notebook has. The `claim-cards` directive
gathers those of all lessons.
"""

import math
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from lesson_execution import PREVIEW
from results_page import claims_of, lessons, link_to, measurement
from typesetting import typeset

WIDTH, HEIGHT, MARGIN = 300, 34, 14   # of a ruler, in its own units


def card(claim, sentence=None):
    """Return a claim as its record says it, in words that a screen reader reads and with a ruler.

    sentence: nodes for its sentence, such as a link, instead of its text.
    """
    words = nodes.paragraph("", "", sentence or nodes.Text(claim["sentence"]), classes=["sentence"])
    values = nodes.paragraph("", "", nodes.strong("", measurement(claim)),
                             nodes.Text(f" measured, {needs(claim)}"), classes=["values"])
    if claim["lecture"]:
        values += nodes.inline("", f" The lecture: {typeset(claim['lecture'])}.", classes=["lecture"])
    verdict = nodes.paragraph("", claim["verdict"], classes=["verdict"])
    state = "holds" if claim["verdict"] == "holds" else "open"
    return nodes.container("", verdict, words, values,
                           nodes.raw("", ruler(claim), format="html"), classes=["claim", state])


def needs(claim):
    """Return what the measurement has to be, in words that need no lesson around them."""
    if claim["equals"] is None or claim["tolerance"]:
        return f"needs {typeset(claim['needs'])}."
    return f"needs exactly {typeset(claim['needs'])}."


def ruler(claim):
    """Return an SVG of a number line: what is allowed, and the measurement; nothing for an equality."""
    low, high, measured = *allowed(claim), claim["measured"]
    ends = [end for end in (low, high) if math.isfinite(end)]
    if low == high or measured is None:   # an equality, or an infinity
        return ""
    shown = [*ends, measured] + [0] * (len(ends) == 1)   # from one bound, zero shows the scale
    left, right = min(shown), max(shown)
    room = (right - left) * 0.2
    left, right = left - room, right + room

    def x(value):
        return MARGIN + (WIDTH - 2 * MARGIN) * min(max((value - left) / (right - left), 0), 1)

    parts = [f'<rect x="{x(low):.1f}" width="{x(high) - x(low):.1f}" y="6" height="8"/>',
             f'<path d="M{MARGIN} 10H{WIDTH - MARGIN}"/>']
    parts += [f'<path d="M{x(end):.1f} 4v12"/><text x="{x(end):.1f}" y="30">{typeset(f"{end:.4g}")}</text>'
              for end in ends]
    parts.append(f'<circle cx="{x(measured):.1f}" cy="10" r="5"/>')
    return (f'<svg class="ruler" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true">'
            + "".join(parts) + "</svg>")


def allowed(claim):
    """Return the least and the largest number for which the claim holds."""
    if claim["equals"] is not None:
        within = claim["tolerance"] or 0
        return claim["equals"] - within, claim["equals"] + within
    return (-math.inf if claim["at_least"] is None else claim["at_least"],
            math.inf if claim["at_most"] is None else claim["at_most"])


class ClaimCards(SphinxDirective):
    """The claims of all lessons that bear the lecture out, correct it, or are the course's own."""

    KINDS = {"the-lecture-holds": True, "the-lecture-corrected": False, "the-courses-own": None}
    required_arguments = 1

    def run(self):
        kind = self.KINDS[directives.choice(self.arguments[0], self.KINDS)]
        self.env.metadata[self.env.docname]["claims"] = True
        if PREVIEW:
            return [nodes.paragraph("", "The claims come with make book.")]
        return [nodes.container("", *(
            card(claim, link_to(self.env, name, index, claim["sentence"]))
            for name, text in lessons(self.env).items() for index, claim in claims_of(text)
            if claim["agrees"] is kind), classes=["claim-list"])]


def draw_cards(app, document):
    """Put cards into the place of the lines of text that lessons print of their claims."""
    path = Path(document["source"])
    if PREVIEW or path.suffix != ".ipynb":
        return
    lines = {f"{claim['verdict']}: {claim['sentence']}, measured {claim['shown']}, needs "
             f"{claim['needs']}": claim for _, claim in claims_of(path.read_text(encoding="utf8"))}
    for bundle in list(document.findall(lambda node: isinstance(node, nodes.container)
                                        and node.get("nb_element") == "mime_bundle")):
        if claim := lines.get(bundle.astext().strip()):
            bundle.replace_self(card(claim))


def setup(app):
    app.setup_extension("results_page")
    app.connect("doctree-read", draw_cards)
    app.add_directive("claim-cards", ClaimCards)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
