"""The foot of printed pages: where the page is from, the day that it was built, the sheet's number."""

import datetime

FOOT = """<style>@media print {{ @page {{
@bottom-left {{ content: {place}; }}
@bottom-right {{ content: {day} ", page " counter(page) " of " counter(pages); }}
}} }}</style>"""


def add_style(app, name, template, context, document):
    """Give a page the words for its foot, which style sheets that all pages share cannot have."""
    if document is not None:
        place = context["pageurl"] or f"{app.env.titles[name].astext()} ({app.config.html_title})"
        day = f"{datetime.date.today():%-d %B %Y}"
        context["metatags"] += FOOT.format(place=quote(place), day=quote(day))


def quote(words):
    """Return words as a string of CSS that may stand in HTML."""
    return '"' + "".join(letter if letter.isalnum() or letter in " .,:/()-" else f"\\{ord(letter):06x}"
                         for letter in words) + '"'


def setup(app):
    app.connect("html-page-context", add_style)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
