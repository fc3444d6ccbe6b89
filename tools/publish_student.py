"""Write what students get, without solutions that are not open and without the history of the sources.

    make publish-student

The folder _build/student is for a branch or a repository of its own, which Binder and JupyterHub open:
the lessons as this edition has them, without outputs, and what they need to run.
"""

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
{site}"""


def main():
    shutil.rmtree(STUDENT, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate", *COPIED],
        cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in filter(None, listed):
        target = STUDENT / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.suffix == ".ipynb":
            target.write_text(student_notebook((ROOT / name).read_text(encoding="utf8")), encoding="utf8")
        else:
            shutil.copy(ROOT / name, target)
    term = current()
    site = term["addresses"]["site"]
    (STUDENT / "README.md").write_text(README.format(
        title=" · ".join(filter(None, ["Improving neural networks", term["term"]])),
        site=f"\nThe pages: {site}\n" if site else ""), encoding="utf8")
    print(f"{STUDENT.relative_to(ROOT)}: {sum(path.is_file() for path in STUDENT.rglob('*'))} files")


if __name__ == "__main__":
    main()
