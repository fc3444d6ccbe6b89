"""Push the notebooks of the built site as the branch that Colab opens them from.

    make push-notebooks [REPOSITORY=address]

The branch has one commit: a site that is built again replaces it.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "_build/html/notebooks"
BRANCH = NOTEBOOKS.name   # _ext/lone_notebooks.py writes the one and links the other


def git(*arguments, cwd=ROOT, **variables):
    ran = subprocess.run(["git", *arguments], cwd=cwd, env={**os.environ, **variables}, text=True,
                         check=True, stdout=subprocess.PIPE)
    return ran.stdout.strip()


with tempfile.TemporaryDirectory() as folder:   # for an index that is not the repository's own
    apart = {"GIT_DIR": git("rev-parse", "--absolute-git-dir"), "GIT_WORK_TREE": str(NOTEBOOKS),
             "GIT_INDEX_FILE": f"{folder}/index"}
    git("add", "--", *sorted(path.name for path in NOTEBOOKS.glob("*.ipynb")), cwd=NOTEBOOKS, **apart)
    tree = git("write-tree", **apart)
commit = git("-c", "user.name=make", "-c", "user.email=make@localhost", "commit-tree", tree,
             "-m", f"Notebooks of {git('rev-parse', 'HEAD')}")
git("push", "--force", *(sys.argv[1:] or ["origin"]), f"{commit}:refs/heads/{BRANCH}")
