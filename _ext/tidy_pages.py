"""What the theme and its extensions leave amiss in a page, mended before the page is written."""


def mend(app, name, template, context, document):
    if "body" in context:
        # ARIA wants the items of a list to be listitems
        context["body"] = context["body"].replace('role="doc-biblioentry"', 'role="listitem"')
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
