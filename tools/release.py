"""Pack what a term's release offers: its site, to read without a network, and its notebooks.

    make release-files NAME=2027-winter

The site's archive is also what keeps the term published, under its name: see tools/terms.py.
"""

import json
import re
import shutil
import sys
import zipfile
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "_ext"))

from term import current, site_address
from term_switcher import TERMS

NAME = r"\d{4}-[a-z0-9]+"   # of a term's tag: a year and what the school calls it
OF_A_SERVER = ["404.html", "sitemap.xml"]   # mean the whole site, not a term of it
NOTES = """The course as it was in {title}.

- `{name}-site.zip`: all pages, to read without a network. Unpack it and open `{name}/index.html`.
- `{name}-notebooks.zip`: the lessons to run on a computer of your own, with their code.
{address}"""


def pack(folder, archive, top, changed={}):
    """Pack a folder's files into an archive, in a folder `top`; with other contents where `changed` has them.

    A file whose contents are None there is left out.
    """
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            name = path.relative_to(folder).as_posix()
            if name not in changed:
                packed.write(path, f"{top}/{name}")
            elif changed[name] is not None:
                packed.writestr(f"{top}/{name}", changed[name])


def entry(name, term):
    """Return what the list of terms says of this one, without its address; `begins` orders them."""
    begins = min((lecture["date"].date() for lecture in term["classes"]), default=date.today())
    return {"version": name, "name": term["term"] or name, "begins": begins.isoformat()}


def main(name, built=ROOT / "_build"):
    if not re.fullmatch(NAME, name):
        sys.exit(f"a term's tag is a year and a name, such as 2027-winter, and not {name!r}")
    this = entry(name, current())
    target = built / "release"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    pack(built / "html", target / f"{name}-site.zip", name,
         {TERMS: json.dumps([this], ensure_ascii=False), **dict.fromkeys(OF_A_SERVER)})
    pack(built / "student", target / f"{name}-notebooks.zip", f"{name}-notebooks")
    address = site_address()
    (target / "notes.md").write_text(NOTES.format(
        name=name, title=this["name"], address=f"\nIts pages: {address}{name}/\n" if address else ""),
        encoding="utf8")
    for path in sorted(target.iterdir()):
        print(f"_build/release/{path.name}: {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
