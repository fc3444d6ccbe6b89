"""List the pages that a change of the course reaches, for whoever reviews it.

The change is what differs from the commit at which these files branched off BASE (origin/main, unless
the variable BASE says otherwise). The list goes to _build/changed-pages.md and, in a workflow of
GitHub's, to the summary of its run.
"""

import functools
import os
import re
import subprocess
import sys
from pathlib import Path

from sphinx_external_toc.parsing import parse_toc_yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "_ext"))

from lesson_dependencies import read_lesson, reached_files

SHARED = ("_config.yml", "_ext/", "_static/", "_templates/", "_toc.yml", "requirements.lock")
INCLUDED = re.compile(r"\{(?:literal)?include\} *([^\s\\]+)")
MEASURED = re.compile(r"\{(?:claims?|evidence|lesson-cards)\}")   # filled in from the lessons


def pages():
    """Return the files of the pages, in the order of the book."""
    return [path for name in parse_toc_yaml(ROOT / "_toc.yml")
            for path in [ROOT / f"{name}.ipynb", ROOT / f"{name}.md"] if path.exists()]


@functools.cache
def used_files(page):
    """Return the names of the files that the page is made from, its own and those of its lesson."""
    text = page.read_text(encoding="utf8")
    used = {page, *((page.parent / name).resolve() for name in INCLUDED.findall(text))}
    if page.suffix == ".ipynb":
        used |= set(reached_files(read_lesson(text)))
    return {path.relative_to(ROOT).as_posix() for path in used}


def report(changed):
    """Return the list, as Markdown, of the pages that a change of these files reaches, and why."""
    reasons = {page: sorted(changed & used_files(page)) for page in pages()}
    if any(found for page, found in reasons.items() if page.suffix == ".ipynb"):
        for page, found in reasons.items():
            if MEASURED.search(page.read_text(encoding="utf8")):
                found.append("results of the lessons")
    lines = [f"- {page.relative_to(ROOT).with_suffix('.html').as_posix()}: {', '.join(found)}"
             for page, found in reasons.items() if found]
    lines += [f"- gone: {name}" for name in sorted(changed)
              if name.endswith((".ipynb", ".md")) and not (ROOT / name).exists()]
    lines += [f"- every page, perhaps: {name}" for name in sorted(changed) if name.startswith(SHARED)]
    return "\n".join(["# Changed pages", "", *(lines or ["None."])]) + "\n"


def changed_files(base):
    """Return the names of the files that differ; exits with the reason if there is no `base`."""
    result = subprocess.run(
        ["git", "diff", "--name-only", "--no-renames", "-z", "--merge-base", base, "--"],
        cwd=ROOT, text=True, capture_output=True)
    if result.returncode:
        sys.exit(f"{result.stderr.strip()}\nName a branch or a commit: make changed-pages BASE=main")
    return set(result.stdout.split("\0")) - {""}


if __name__ == "__main__":
    text = report(changed_files(os.environ.get("BASE") or "origin/main"))
    print(text, end="")
    target = ROOT / "_build/changed-pages.md"
    target.parent.mkdir(exist_ok=True)
    target.write_text(text, encoding="utf8")
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with open(summary, "a", encoding="utf8") as file:
            file.write(text)
