"""What the theme and its extensions leave amiss in a page, mended before the page is written."""


def mend(app, name, template, context, document):
    if "body" in context:
        # ARIA wants the items of a list to be listitems
        context["body"] = context["body"].replace('role="doc-biblioentry"', 'role="listitem"')
    # no page runs code of its own: sphinx-thebe is for sites that do, and comes with Jupyter Book
    for kind in ["script_files", "css_files"]:
        context[kind] = [file for file in context.get(kind, []) if "thebe" not in (
            str(getattr(file, "filename", None) or "") + file.attributes.get("body", "")).lower()]


def setup(app):
    app.connect("html-page-context", mend, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
