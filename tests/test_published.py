"""The workflow that tests and publishes the site: what it may do, and that it does only what make does."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import changed_pages
from lesson_dependencies import read_lesson, reached_files

ROOT = Path(__file__).parent.parent
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
ZIZMOR = Path(sys.executable).with_name("zizmor")


def steps(path):
    jobs = yaml.safe_load(path.read_text(encoding="utf8"))["jobs"]
    return [step for job in jobs.values() for step in job["steps"]]


def lint(folder):
    """Return whether zizmor has nothing against the files in `folder`, and what it says."""
    result = subprocess.run(
        [ZIZMOR, "--offline", "--persona=auditor", "--strict-collection", "--no-progress",
         "--color=never", folder], text=True, capture_output=True)
    return result.returncode == 0, result.stdout + result.stderr


def test_zizmor_finds_nothing():
    passed, said = lint(ROOT / ".github")
    assert passed, said


@pytest.mark.parametrize("rule, sound, faulty", [
    ("unpinned-uses", r"checkout@\w{40} # v[\d.]+", "checkout@v7"),
    ("template-injection", r"run: make test", "run: echo ${{ github.head_ref }}"),
    ("artipacked", r"persist-credentials: false", "persist-credentials: true"),
    ("excessive-permissions", r"permissions: \{\}", "permissions: write-all"),
    ("dangerous-triggers", r"  pull_request:", "  pull_request_target:"),
])
def test_zizmor_finds_what_is_wrong(tmp_path, rule, sound, faulty):
    shutil.copytree(ROOT / ".github", tmp_path / ".github")
    path = tmp_path / ".github/workflows/site.yml"
    text, number = re.subn(sound, lambda _: faulty, path.read_text(encoding="utf8"), count=1)
    assert number, f"there is no {sound} to break"
    path.write_text(text, encoding="utf8")
    passed, said = lint(tmp_path / ".github")
    assert not passed and rule in said, said


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_what_runs_is_one_target_of_the_makefile(path):
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for step in steps(path):
        if "run" in step:
            make, _, target = step["run"].strip().partition(" ")
            assert make == "make" and target in targets, f"{step['run']!r} is no target of the Makefile"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_github_s_own_pinned_by_digest_with_their_version(path):
    uses = re.findall(r"uses: (.*)", path.read_text(encoding="utf8"))
    assert len(uses) == sum("uses" in step for step in steps(path))
    for action in uses:
        assert re.fullmatch(r"actions/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action
    digests = {}
    for name, digest in re.findall(r"actions/([\w-]+)\S*@(\w+)", "\n".join(uses)):
        assert digests.setdefault(name, digest) == digest, f"actions/{name} in two versions"


def test_the_cache_of_executed_lessons_is_keyed_by_all_that_outputs_depend_on():
    key, = (step["with"]["key"] for step in steps(ROOT / ".github/workflows/site.yml")
            if step.get("uses", "").startswith("actions/cache/restore"))
    hashed = {path for pattern in re.findall(r"'(.+?)'", key) for path in ROOT.glob(
        pattern.replace("**", "**/*")) if path.is_file()}
    lessons = set((ROOT / "lessons").glob("*.ipynb"))
    needed = lessons | {ROOT / "requirements.lock", ROOT / "_ext/kernel_environment.py"} | {
        path for lesson in lessons for path in reached_files(read_lesson(lesson.read_text()))}
    assert needed <= hashed, f"not in the key: {sorted(map(str, needed - hashed))}"
    assert "python-version" in key


# The list of changed pages

@pytest.mark.parametrize("changed, lines", [
    ("glossary.md", ["- glossary.html: glossary.md"]),
    ("code/plots.py", ["- lessons/dropout.html: code/plots.py", "- index.html: results of the lessons",
                        "- results.html: results of the lessons"]),
    ("lessons/old.md", ["- gone: lessons/old.md"]),
    ("_static/look/look.css", ["- every page, perhaps: _static/look/look.css"]),
    ("tests/test_site.py", ["None."]),
])
def test_changed_pages_are_listed_with_the_reason(changed, lines):
    listed = changed_pages.report({changed}).splitlines()
    assert set(lines) <= set(listed), listed
    assert len(lines) > 1 or listed[2:] == lines, listed


def test_a_page_that_nothing_reaches_is_not_listed():
    assert "cross-entropy" not in changed_pages.report({"code/model4.py", "lessons/dropout.ipynb"})


def test_a_state_that_is_none_is_named():
    with pytest.raises(SystemExit, match="nowhere[\\s\\S]*make changed-pages BASE=main"):
        changed_pages.changed_files("nowhere")
