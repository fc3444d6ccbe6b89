"""Renew the lock within the ranges of requirements.txt, build with it, and compare.

    make upgrade

Where the build fails, the old lock is put back; otherwise the new one stays. What happened is in
_build/upgrade.md, for the commit: which versions are new, and whether a conclusion moved.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK, SUMMARY = ROOT / "requirements.lock", ROOT / "_build/upgrade.md"
COMPILE = ["-m", "uv", "pip", "compile", "--universal", "--python-version", "3.11",
           "--generate-hashes", "--quiet", "--upgrade", "requirements.txt"]


def versions(lock):
    """Return the version of each package in the text of a lock; of several the last."""
    return dict(re.findall(r"^([\w.-]+)==([^ \\;]+)", lock, re.M))


def moved(old, new):
    """Return a line for each package of which two locks have different versions."""
    old, new = versions(old), versions(new)
    return [f"- {name}: {old.get(name, 'none')} to {new.get(name, 'none')}"
            for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name)]


def run(*command):
    """Run a command in the course's folder; return whether it succeeded and what it printed."""
    done = subprocess.run(command, cwd=ROOT, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    return done.returncode == 0, done.stdout


def summarize(*lines):
    """Keep these lines as the summary, and return them as one text."""
    text = "\n".join(lines)
    SUMMARY.parent.mkdir(exist_ok=True)
    SUMMARY.write_text(text + "\n", encoding="utf8")
    return text


def main():
    old = LOCK.read_text(encoding="utf8")
    succeeded, printed = run(sys.executable, *COMPILE, "--output-file", LOCK.name)
    if not succeeded:
        LOCK.write_text(old, encoding="utf8")
        sys.exit(summarize("No versions fit together within requirements.txt:", "", "```", printed, "```"))
    lines = moved(old, LOCK.read_text(encoding="utf8"))
    if not lines:
        print(summarize("There is nothing newer within the ranges of requirements.txt."))
        return
    print("building with these versions:", *lines, sep="\n", flush=True)
    succeeded, printed = run("make", "book")
    if not succeeded:
        LOCK.write_text(old, encoding="utf8")
        failed = printed[printed.find("these lessons failed"):]
        sys.exit(summarize("```", failed[-5000:], "```", "The build failed with these versions:", "", *lines, "",
                           "The old lock is back: make book builds with it."))
    same, printed = run("make", "--no-print-directory", "compare")   # or its last line is make's
    *before, result = printed.strip().splitlines()
    differences = [line for line in before if re.match("MOVED|      ", line)]
    print(summarize("New versions", "", *lines, "", result,
                    *(["", "```", *differences, "```"] if differences else [])))
    print(f"the summary for the commit is {SUMMARY.relative_to(ROOT)}")
    sys.exit(not same)


if __name__ == "__main__":
    main()
