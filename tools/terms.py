"""Assemble what is published: the site, the terms before it under their names, and old addresses.

    make download-terms   each term's site from its release, into _build/terms
    make pages            _build/pages, from _build/html and those

GitHub Pages shows what it was given last and nothing else, so that each time has every term in it.
"""

import html
import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.parse import quote, urlparse

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "_ext"))

from release import NAME
from term import site_address
from term_switcher import TERMS, THIS

ARCHIVES = ROOT / "_build/terms"
SUFFIX = "-site.zip"
MOVED = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Page of an earlier term</title>
<link rel="canonical" href="{canonical}">
<meta http-equiv="refresh" content="0; url={address}">
<script>location.replace("{address}" + location.hash)</script>
<p>The course has this page no more. <a href="{address}">Here it is as it was in {term}.</a></p>
</html>
"""


def gh(*arguments):
    return subprocess.run(["gh", *arguments], cwd=ROOT, text=True, check=True,
                          stdout=subprocess.PIPE).stdout


def download():
    """Get the site of each term from its release. One that is missing is an error: it would vanish."""
    shutil.rmtree(ARCHIVES, ignore_errors=True)
    ARCHIVES.mkdir(parents=True)
    listed = gh("release", "list", "--exclude-drafts", "--limit", "1000", "--json", "tagName")
    for tag in sorted(release["tagName"] for release in json.loads(listed)):
        if re.fullmatch(NAME, tag):
            gh("release", "download", tag, "--pattern", tag + SUFFIX, "--dir", str(ARCHIVES))
            print(tag)


def assemble(site, archives, pages, address=""):
    """Put the site and, under their names, the terms in these archives into the folder `pages`.

    address: the site's, which ends with a slash; "" for one that is a server's only site.
    """
    shutil.rmtree(pages, ignore_errors=True)
    shutil.copytree(site, pages)
    terms = sorted((unpack(archive, pages) for archive in archives),
                   key=lambda term: (term["begins"], term["version"]), reverse=True)
    list_terms(pages, terms, urlparse(address).path or "/")
    for term in terms:   # an old address leads to the last term that had it
        redirect(pages, term, address)
    return terms


def unpack(archive, pages):
    """Unpack a term's site; return what it says of itself."""
    name = archive.name.removesuffix(SUFFIX)
    with zipfile.ZipFile(archive) as packed:
        if any(not member.startswith(f"{name}/") for member in packed.namelist()):
            raise ValueError(f"{archive}: has more in it than the folder {name}")
        packed.extractall(pages)
    term, = json.loads((pages / name / TERMS).read_text(encoding="utf8"))
    return term


def list_terms(pages, terms, path):
    """Tell the site and each term which others there are, and which of them it is."""
    entries = [{"version": "current", "name": "Current", "url": path}] + [
        {**term, "url": f"{path}{term['version']}/"} for term in terms]
    for this in entries:
        own = [{**entry, "version": THIS} if entry is this else entry for entry in entries]
        (pages / this["url"].removeprefix(path) / TERMS).write_text(
            json.dumps(own, indent=1, ensure_ascii=False) + "\n", encoding="utf8")


def redirect(pages, term, address):
    """Have the addresses that only earlier terms have lead there, and those pages be named by theirs."""
    folder = pages / term["version"]
    for page in sorted(folder.rglob("*.html")):
        name = page.relative_to(folder).as_posix()
        if (pages / name).exists():
            continue
        here = f"{term['version']}/{quote(name)}"
        if address:
            page.write_text(page.read_text(encoding="utf8").replace(
                f'"{address}{name}"', f'"{address}{here}"'), encoding="utf8")
        relative = "../" * name.count("/") + here
        (pages / name).parent.mkdir(parents=True, exist_ok=True)
        (pages / name).write_text(MOVED.format(
            address=html.escape(relative), canonical=html.escape(address + here if address else relative),
            term=html.escape(term["name"])), encoding="utf8")


if __name__ == "__main__":
    if sys.argv[1:] == ["download"]:
        download()
    else:
        found = assemble(ROOT / "_build/html", sorted(ARCHIVES.glob("*" + SUFFIX)),
                         ROOT / "_build/pages", site_address())
        print("_build/pages: the site"
              + "".join(f"\n_build/pages/{term['version']}: {term['name']}" for term in found))
