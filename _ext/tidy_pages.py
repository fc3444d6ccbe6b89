"""What the theme and its extensions leave amiss in a page, mended before the page is written."""

import re

MENDED = [
    # ARIA wants the items of a list to be listitems
    (re.compile('role="doc-biblioentry"'), 'role="listitem"'),
    # a control is called what is written on it
    (re.compile('<summary aria-label="Toggle hidden content">'), "<summary>"),
    # the line under a link begins with its words
    (re.compile('(<p class="admonition-title">Solution to)(<a [^>]*>) '), r"\1 \2"),
    # what a cell of a head heads, for who hears a table; a cell without words heads nothing
    (re.compile(r'<th class="[^"]*"([^>]*)>(?:<p></p>)?</th>'), r"<td\1></td>"),
    (re.compile(r'<th class="(head[^"]*)" colspan='), r'<th scope="colgroup" class="\1" colspan='),
    (re.compile('<th class="(head[^"]*)">'), r'<th scope="col" class="\1">'),
    (re.compile('<th class="(stub[^"]*)">'), r'<th scope="row" class="\1">'),
]


def mend(app, name, template, context, document):
    if "body" in context:
        for amiss, right in MENDED:
            context["body"] = amiss.sub(right, context["body"])
    for group in context.get("header_buttons", []):
        for button in group.get("buttons", []):
            if button.get("text", "").startswith("."):   # to download, beside "this lesson (.ipynb)"
                button["text"] = f"this page ({button['text']})"
    context["css_files"] = [file for file in context.get("css_files", [])
                            if "thebe" not in str(getattr(file, "filename", None))]


def drop_thebe(app, config):
    """Leave out sphinx-thebe, which comes with Jupyter Book: live_code has what this course needs."""
    for listeners in app.events.listeners.values():
        listeners[:] = [listener for listener in listeners
                        if listener.handler.__module__ != "sphinx_thebe"]


def setup(app):
    app.connect("config-inited", drop_thebe)
    app.connect("html-page-context", mend, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
