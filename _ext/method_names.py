"""The `method` role: a method's name in the text, with a dot in the color that its curves have."""

import functools
import runpy

from docutils import nodes
from sphinx.util.docutils import ReferenceRole

from kernel_environment import ROOT


@functools.cache
def _number():
    return runpy.run_path(str(ROOT / "code/methods.py"))["number"]


def color_class(name):
    """Return the class, in figures.css, of the color of the method that `name` names, or ""."""
    return "" if _number()(name) is None else f"method-{_number()(name)}"


class Method(ReferenceRole):
    """{method}`L2`, or {method}`its penalty <L2>` under other words."""

    def run(self):
        if not (known := color_class(self.target)):
            return [], [self.inliner.reporter.error(
                f"code/methods.py has no color for {self.target!r}", line=self.lineno)]
        return [nodes.inline("", self.title, classes=["method", known])], []


def setup(app):
    app.add_role("method", Method())
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
