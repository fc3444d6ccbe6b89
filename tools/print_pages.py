"""Print the built site with Chromium: each lesson, and the whole book in its order, to _build/print.

    make print

Pages are printed as a browser prints them for a reader (_static/print, _ext/printed_footer.py). The book is
one page made of all of them, so its sheets are numbered through and its links lead to its own sheets.
"""

import posixpath
import re
import shutil
import sys
from html import escape
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pypdf import PdfReader, PdfWriter
from pypdf.generic import NameObject, TextStringObject

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "_ext"))

from built_site import launch, lessons, pages, site
from printed_footer import foot
from term import current, site_address

BOOK = "course"
ARTICLE = re.compile(r'<article class="bd-article">(.*)</article>', re.DOTALL)
SCRIPT = re.compile(r"<script.*?</script>", re.DOTALL)
FRAME = """<!doctype html>
<html lang="en" data-theme="light"><head><meta charset="utf-8"><title>{title}</title>
{styles}
{foot}
<style>article + article {{ break-before: page }}</style></head>
<body><div class="bd-container"><div class="bd-container__inner"><main class="bd-main"><div class="bd-content">
<div class="bd-article-container">
{articles}
</div></div></main></div></div></body></html>
"""


def key(name, place=""):
    """Return the id that `place` in the page `name` has in the book."""
    return f"{name.replace('/', '-')}--{place}"


def article(built, name, names):
    """Return the article of a page, its ids and links those of the book."""
    text = SCRIPT.sub("", ARTICLE.search((built / f"{name}.html").read_text(encoding="utf8"))[1])
    text = re.sub(r'(\sid="|href="#|url\(#)', lambda start: start[0] + key(name), text)

    def link(match):
        attribute, path, place = match.groups()
        target = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
        if target.removesuffix(".html") in names:
            return f'{attribute}="#{key(target.removesuffix(".html"), (place or "")[1:])}"'
        return f'{attribute}="{posixpath.join("../html", target)}{place or ""}"'
    text = re.sub(r'\b(href|src)="(?![a-z]+:|#|//)([^"#]+)(#[^"]*)?"', link, text)
    return f'<article class="bd-article" id="{key(name)}">{text}</article>'


def book(built, names):
    """Return a page that holds all pages of the book, for a file in a folder beside the site's."""
    head = (built / "index.html").read_text(encoding="utf8").split("</head>")[0]
    styles = [re.sub(r'href="(?![a-z]+:)', 'href="../html/', style)
              for style in re.findall(r'<link [^>]*rel="stylesheet"[^>]*>', head)]
    title = names["index"]
    place = site_address() or " · ".join(filter(None, [title, current()["term"]]))
    return FRAME.format(title=escape(title), styles="\n".join(styles), foot=foot(place),
                        articles="\n".join(article(built, name, names) for name in names))


def print_page(browser, source, target):
    page = browser.new_page(color_scheme="light")
    page.goto(source.as_uri())
    page.evaluate("document.fonts.ready")
    page.pdf(path=target, format="A4", prefer_css_page_size=True, outline=True, tagged=True)
    page.close()


def mend(path, built, title):
    """Have the links of a PDF that lead to files of this computer lead to what its reader has."""
    lesson_names = lessons(built)
    writer = PdfWriter(clone_from=PdfReader(path))
    for sheet in writer.pages:
        kept = [link for link in sheet.get("/Annots", ()) if lead(link.get_object(), built, lesson_names)]
        if "/Annots" in sheet:
            sheet["/Annots"].get_object()[:] = kept
    writer.add_metadata({"/Title": title})
    writer.write(path)


def lead(link, built, lesson_names):
    """Give a link a target that holds elsewhere; return whether there is one."""
    action = link.get("/A", {})
    address = urlsplit(action.get("/URI", ""))
    if address.scheme != "file":
        return True
    path = posixpath.relpath(unquote(address.path), built.resolve().as_posix())
    if site_address() and not path.startswith(".."):
        target = site_address() + path + (f"#{address.fragment}" if address.fragment else "")
    elif path.endswith(".html"):
        name = path.removeprefix("lessons/").removesuffix(".html")
        target = f"{name if name in lesson_names else BOOK}.pdf"
    else:   # a file to load down, which a reader of paper has not
        return False
    action[NameObject("/URI")] = TextStringObject(target)
    return True


def main(*chosen):
    built = site()
    target = built.parent / "print"
    names = pages(built)
    with launch() as browser:
        if browser is None:
            sys.exit("make print needs Chromium, which is not installed here.")
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        for name, title in lessons(built).items():
            if not chosen or name in chosen:
                print_page(browser, built / f"lessons/{name}.html", target / f"{name}.pdf")
                mend(target / f"{name}.pdf", built, title)
        if not chosen or BOOK in chosen:
            whole = target / f"{BOOK}.html"
            whole.write_text(book(built, names), encoding="utf8")
            print_page(browser, whole, target / f"{BOOK}.pdf")
            whole.unlink()
            mend(target / f"{BOOK}.pdf", built, names["index"])
    for path in sorted(target.glob("*.pdf")):
        print(f"{path}: {len(PdfReader(path).pages)} sheets")


if __name__ == "__main__":
    main(*sys.argv[1:])
