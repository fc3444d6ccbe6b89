"""Figures described to who cannot see them: the words that `plots.show` publishes become the alt text."""

from docutils import nodes


def describe_figures(app, document):
    """Give each figure of a lesson the words that `plots.show` published with it as its alt text."""
    for bundle in document.findall(lambda node: isinstance(node, nodes.container)
                                   and node.get("nb_element") == "mime_bundle"):
        words = {part.get("mime_type"): part.astext() for part in bundle.children}.get("text/plain")
        for image in bundle.findall(nodes.image):
            image.setdefault("alt", words) if words else None


def setup(app):
    app.connect("doctree-read", describe_figures)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
