"""A site that loads soon: without unused rules and spare files, its scripts after its text.

A rule of a style sheet is used if each class and id that its selector names is in a page or, as a word, in a script.
Of the theme's half a megabyte a sixth is, and a first visit waits for no more.
"""

import re
import shutil
from pathlib import Path

import tinycss2

from lesson_execution import PREVIEW

SPARE = ["**/*.map", "**/*.LICENSE.txt", "locales", "scripts/fontawesome.js", "vendor",
         "webpack-macros.html"]   # comes with the theme, and no page loads it
COMPOSED = {"bs-tooltip-auto"}   # a class that Bootstrap's script puts together from parts
CONDITIONS = {"media", "supports"}
FIRST = {"documentation_options.js", "doctools.js"}   # scripts that others build on
# names, punctuation and space in code, to which Pygments' styles give the color of all text
PLAIN = re.compile(r'<span class="(?:n|nn|p|w)">([^<]*)</span>')


def used_names(site):
    """Return the classes and ids of the pages, and the words of the scripts, which may add others."""
    names = set(COMPOSED)
    for page in site.rglob("*.html"):
        for value in re.findall(r'\s(?:class|id)="([^"]+)"', page.read_text(encoding="utf8")):
            names.update(value.split())
    for script in site.rglob("*.js"):
        names.update(re.findall(r"[\w-]+", script.read_text(encoding="utf8")))
    return names


def used_rules(rules, names):
    """Return the CSS of those of the `rules` that are used, given the `names` of all that is."""
    kept = []
    for rule in rules:
        if rule.type == "qualified-rule":
            selectors = [selector for selector in split(rule.prelude) if names.issuperset(named(selector))]
            kept += [",".join(map(tinycss2.serialize, selectors)),
                     "{", tinycss2.serialize(rule.content), "}"] if selectors else []
        elif rule.type == "at-rule" and rule.lower_at_keyword in CONDITIONS:
            inside = used_rules(tinycss2.parse_rule_list(rule.content, True, True), names)
            kept += [f"@{rule.at_keyword}", tinycss2.serialize(rule.prelude), "{", inside, "}"] if inside else []
        else:
            kept.append(rule.serialize())
    return "".join(kept)


def split(tokens):
    """Return the selectors of a list of them."""
    selectors = [[]]
    for token in tokens:
        if token == ",":
            selectors.append([])
        else:
            selectors[-1].append(token)
    return selectors


def named(selector):
    """Return the classes and ids that it asks for; those in parentheses may be for others, or not."""
    return {token.value for before, token in zip([None, *selector], selector)
            if token.type == "hash" or token.type == "ident" and before == "."}


def lighten_page(app, name, template, context, document):
    """Have a page shown before its scripts run, and its code without marks that no one sees."""
    if "body" in context:
        context["body"] = PLAIN.sub(r"\1", context["body"])
    context["script_files"] = [
        type(file)(file.filename, priority=file.priority, **{**file.attributes, "defer": "defer"})
        if file.filename and Path(file.filename).name not in FIRST else file
        for file in context["script_files"]]


def take_back(app, builder):
    """Have the sheets that the last build cut copied whole again, as this one may need other rules."""
    app.site_is_written = builder.format == "html"
    if app.site_is_written:
        for sheet in foreign_sheets(app):
            sheet.unlink()


def lighten(app, exception):
    """Remove and cut what is described above, if this build has written pages."""
    if exception or PREVIEW or not getattr(app, "site_is_written", False):
        return
    static = Path(app.outdir, "_static")
    for path in [path for pattern in SPARE for path in static.glob(pattern)]:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    names = used_names(Path(app.outdir))
    for sheet in foreign_sheets(app):
        rules = tinycss2.parse_stylesheet(sheet.read_text(encoding="utf8"), True, True)
        sheet.write_text(used_rules(rules, names), encoding="utf8")


def foreign_sheets(app):
    """Return the style sheets of the site that are not the course's own."""
    static = Path(app.outdir, "_static")
    return [sheet for sheet in static.rglob("*.css")
            if not Path(app.srcdir, "_static", sheet.relative_to(static)).exists()]


def setup(app):
    app.connect("html-page-context", lighten_page, priority=950)
    app.connect("write-started", take_back)
    app.connect("build-finished", lighten, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
