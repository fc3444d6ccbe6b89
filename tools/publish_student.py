"""Write what students get, without solutions that are not open and without the history of the sources.

    make publish-student

The folder _build/student is for a branch or a repository of its own, which Binder and JupyterHub open:
the lessons as this edition has them, without outputs, and what they need to run. A repository that is
there already stays: students who have the course get what is new as one more commit.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "_ext"))

from solutions import student_notebook
from term import current

STUDENT = ROOT / "_build/student"
COPIED = ["code", "lessons", ".binder", "requirements.lock", "LICENSE", "CITATION.cff"]
README = """# {title}

The lessons are in `lessons/`: start with `over-fitting.ipynb`. An exercise is followed by an empty cell
for your answer, and by a cell with the claim that judges it: it prints "holds", or says what is missing.
Keep a copy of what you write; `git checkout lessons` brings the originals back.

On a JupyterHub, the link on a lesson's page also brings what has changed in the course since. A notebook
that you have saved stays as you saved it: rename it, and the link brings the new one beside it.
{site}"""
ATTRIBUTES = """# Merged line by line, a notebook breaks: one that a student has changed stays the student's.
*.ipynb -merge
"""


def main(student=STUDENT):
    """Write them into the folder `student`, in which nothing else stays but its .git."""
    for path in student.glob("*"):
        if path.name != ".git":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate", *COPIED],
        cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in filter(None, listed):
        target = student / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.suffix == ".ipynb":
            target.write_text(student_notebook((ROOT / name).read_text(encoding="utf-8-sig")), encoding="utf8")
        else:
            shutil.copy(ROOT / name, target)
    term = current()
    site = term["addresses"]["site"]
    (student / "README.md").write_text(README.format(
        title=" · ".join(filter(None, ["Improving neural networks", term["term"]])),
        site=f"\nThe pages: {site}\n" if site else ""), encoding="utf8")
    (student / ".gitattributes").write_text(ATTRIBUTES, encoding="utf8")
    files = [path for path in student.rglob("*") if path.is_file() and ".git" not in path.parts]
    print(f"{os.path.relpath(student, ROOT)}: {len(files)} files")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
