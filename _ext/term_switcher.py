"""The theme's version switcher, between the terms that are published beside each other.

It is there where the site has an address, and to be seen where there is another term. Which terms
there are is in _static/terms/terms.json: none as the site is built, until tools/terms.py writes them.
"""

from term import site_address

TERMS = "_static/terms/terms.json"
THIS = "this"   # what each site calls itself in its own list, so that one build serves everywhere
# a browser lets no page fetch a file, and a page that is not found may be at any depth
WITHOUT = ('if (location.protocol === "file:" || DOCUMENTATION_OPTIONS.pagename === "404") '
           "delete DOCUMENTATION_OPTIONS.theme_switcher_json_url;")


def add_switcher(app, config):
    theme = config.html_theme_options
    theme["switcher"] = {"json_url": TERMS, "version_match": THIS}
    theme["article_header_start"] = ["toggle-primary-sidebar.html", "version-switcher.html"]


def leave_it_out(app, name, template, context, document):
    app.add_js_file(None, body=WITHOUT, priority=600)   # after the theme's, which names the list


def setup(app):
    if site_address():
        app.connect("config-inited", add_switcher)
        app.connect("html-page-context", leave_it_out, priority=400)   # before some copy the list of scripts
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
