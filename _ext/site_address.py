"""What a site says of its own address, where it has one: `addresses: site` in term.yml.

Canonical links are Sphinx's. With them come the words and the picture for links from elsewhere, the
list of pages for search engines, and the page for addresses that are none: its links have to hold at
any depth, so they need the address.
"""

import html
from urllib.parse import urljoin, urlparse

from term import site_address

NOT_FOUND = """<h1>There is no such page</h1>
<p>The address may be mistyped, or the page has moved. <a href="{home}">The first page</a> leads to
all lessons, and <a href="{search}">the search</a> finds every word of them.</p>"""


def set_address(app, config):
    """Tell Sphinx and the extensions the address."""
    address = site_address()
    path = urlparse(address).path
    config.html_baseurl = config.ogp_site_url = address
    config.ogp_image = "_static/page.png"
    config.ogp_image_alt = "Part of a lesson: every run of three networks as a dot, with means and intervals"
    config.notfound_urls_prefix = path
    config.notfound_context = {"title": "Page not found", "body": NOT_FOUND.format(
        home=html.escape(path), search=html.escape(path + "search.html"))}


def write_sitemap(app, exception):
    """List all pages; sphinx-sitemap lists those alone that this very build wrote (its issue 13)."""
    if exception is None and app.builder.format == "html":
        pages = "".join(
            f"<url><loc>{html.escape(urljoin(app.config.html_baseurl, app.builder.get_target_uri(name)))}"
            "</loc></url>\n" for name in sorted(app.env.found_docs))
        (app.outdir / "sitemap.xml").write_text(
            '<?xml version="1.0" encoding="utf-8"?>\n'
            f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{pages}</urlset>\n')


def remove_what_needs_an_address(app):
    """Leave nothing of an earlier build that had an address."""
    for name in ["404.html", "sitemap.xml"]:
        (app.outdir / name).unlink(missing_ok=True)


def setup(app):
    if site_address():
        app.setup_extension("sphinxext.opengraph")
        app.setup_extension("notfound.extension")
        app.connect("config-inited", set_address, priority=400)
        app.connect("build-finished", write_sitemap)
    else:
        app.connect("builder-inited", remove_what_needs_an_address)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
