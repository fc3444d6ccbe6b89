"""A lesson's MyST as Markdown that every notebook program shows: Colab, VS Code, plain Jupyter."""

import re

from pybtex.database import parse_file

BLOCK = re.compile(r"^(:::|```)\{([\w-]+)\} *([^\n]*)\n((?::[\w-]+:[^\n]*\n)*)\n*(.*?)^\1$", re.M | re.S)


def plain(text, page, equations, citations, site):
    """Return the MyST `text`, of a lesson whose file is `page`, in plain Markdown.

    equations: numbers by label; citations: (authors, year) by key; site: its address, or None, and
    then links to other pages are words.
    """
    def block(found):
        _, kind, title, options, body = found.groups()
        if kind == "literalinclude":
            return f"```python\n{included(page.parent / title, options)}\n```"
        if kind in ("dropdown", "solution"):
            title = title if kind == "dropdown" else "Solution"
            return f"<details><summary>{title}</summary>\n\n{body}\n</details>\n"
        if kind in ("note", "warning"):
            return "".join(f"> {line}\n" for line in body.splitlines())
        return {"exercise": f"**Exercise: {title}**\n\n{body}", "solution-start": "**Solution**",
                "solution-end": ""}[kind]

    def cited(found):
        style, keys = found.groups()
        named = [citations[key.strip()] for key in keys.split(",")]
        if style == "t":
            return "; ".join(f"{authors} ({year})" for authors, year in named)
        return "(" + "; ".join(f"{authors}, {year}" for authors, year in named) + ")"

    def linked(found):
        words, target = found.groups()
        file, _, part = target.partition("#")
        if not site or not file.endswith((".md", ".ipynb")):
            return words
        path = (page.parent / file).resolve().relative_to(page.parent.parent.resolve())
        address = f"{site.rstrip('/')}/{path.with_suffix('.html').as_posix()}"
        return f"[{words}]({address}{'#' + part if part else ''})"

    text = BLOCK.sub(block, text)
    text = re.sub(r"^\([\w-]+\)=\n", "", text, flags=re.M)
    text = re.sub(r"\n\$\$ *\(([\w-]+)\)", lambda found: rf" \tag{{{equations[found[1]]}}}" + "\n$$", text)
    text = re.sub(r"{eq}`(.*?)`", lambda found: f"({equations[found[1]]})", text)
    text = re.sub(r"{(?:term|method)}`([^`<]*?)(?: <.*?>)?`", r"\1", text)
    text = re.sub(r"{numref}`.*?`", "the figure", text)   # which has a number on a page alone
    text = re.sub(r"{cite:([tp])}`(.*?)`", cited, text)
    return re.sub(r"(?<!!)\[([^\]]*)\]\((?!https?:)([^)\s]*)\)", linked, text)


def included(path, options):
    """Return the code that a literalinclude shows."""
    source = path.read_text(encoding="utf8")
    if name := re.search(r":pyobject: (\w+)", options):
        source = re.search(rf"^def {name[1]}\(.*?(?=^\S|\Z)", source, re.M | re.S)[0]
    return source.strip()


def read_citations(paths):
    """Return who wrote what is in the bibliographies, and when, by key."""
    found = {}
    for path in paths:
        for key, entry in parse_file(str(path)).entries.items():
            people = entry.persons.get("author") or entry.persons.get("editor") or []
            names = [" ".join(map(str, person.rich_prelast_names + person.rich_last_names))
                     for person in people]
            authors = f"{names[0]} et al." if len(names) > 2 else " and ".join(names)
            found[key] = authors or entry.fields["title"], entry.fields.get("year", "n.d.")
    return found
