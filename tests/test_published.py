"""The workflow that tests and publishes the site: what it may do, and that it does only what make does."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import changed_pages
import release
from book import Book
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


def test_a_job_that_may_write_runs_nothing_that_others_wrote():
    """No package, no lesson: it takes what another job built, and has git and gh alone put it somewhere."""
    runs = [step["run"] for path in WORKFLOWS
            for job in yaml.safe_load(path.read_text(encoding="utf8"))["jobs"].values()
            if "write" in job["permissions"].values() for step in job["steps"] if "run" in step]
    assert runs == ["make push-notebooks", "make release"]
    for run in runs:
        does = subprocess.run([*run.split(), "--dry-run", "NAME=2027-winter"], cwd=ROOT, text=True,
                              capture_output=True, check=True).stdout
        assert not re.search(r"\.venv|_ext|jupyter|-m ", does), does


def test_a_terms_workflow_starts_for_the_tags_of_terms():
    """GitHub's patterns are like regular expressions in what this one uses."""
    workflow = yaml.safe_load((ROOT / ".github/workflows/term.yml").read_text(encoding="utf8"))
    pattern, = workflow[True]["push"]["tags"]   # YAML reads "on" as true
    for name in ["2027-winter", "2027-w1", "v1.0", "2027", "2027-", "2027-a/b", "2027-$(x)", "27-winter"]:
        assert bool(re.fullmatch(pattern, name)) == bool(re.fullmatch(release.NAME, name)), name


def test_git_asks_gh_for_the_token(tmp_path):
    step, = (step for step in steps(ROOT / ".github/workflows/site.yml")
             if step.get("run") == "make push-notebooks")
    (tmp_path / "gh").write_text('#!/bin/sh\necho "username=x\npassword=$GH_TOKEN, asked for with $*"\n')
    (tmp_path / "gh").chmod(0o755)
    filled = subprocess.run(
        ["git", "credential", "fill"], input="protocol=https\nhost=github.com\n\n", text=True,
        capture_output=True, env={**os.environ, **{name: str(value) for name, value in step["env"].items()},
                                  "GH_TOKEN": "token", "GIT_TERMINAL_PROMPT": "0",
                                  "PATH": f"{tmp_path}:{os.environ['PATH']}"})
    assert "password=token, asked for with auth git-credential get" in filled.stdout, filled.stderr


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


def test_links_to_elsewhere_are_tried_on_all_pages_and_the_dead_ones_are_named(tmp_path, serve):
    book = Book(tmp_path / "course")
    book.copy("lessons", "code", "_toc.yml", "Makefile", *(page.name for page in ROOT.glob("*.md")))
    term = (ROOT / "term.yml").read_text(encoding="utf8")
    assert "\nclasses: []" in term
    book.write("term.yml", term.replace(   # so there is a calendar, which the page of the schedule links to
        "\nclasses: []", "\nclasses: [{date: 2027-01-12 10:00, lessons: [dropout]}]"))
    (tmp_path / "site").mkdir()
    (tmp_path / "site/there.html").write_text("")
    site = serve(tmp_path / "site")
    book.write("index.md", (ROOT / "index.md").read_text(encoding="utf8")
               + f"\n[It is there]({site}/there.html), [it is gone]({site}/gone.html).\n")
    nowhere = "http://127.0.0.1:9"
    tried = subprocess.run(["make", "links", f"BIN={Path(sys.executable).parent}", "INSTALLED="], cwd=book.folder,
                           text=True, capture_output=True, env={
                               **os.environ, "http_proxy": nowhere, "https_proxy": nowhere, "no_proxy": "127.0.0.1"})
    assert tried.returncode, "dead links do not fail the command"
    found = book.folder / "_build/links/_build/html/output.txt"
    assert found.exists(), f"no page was tried: {tried.stdout + tried.stderr}"
    broken = set(re.findall(r"\[broken\] (.*?): ", found.read_text(encoding="utf8")))
    assert {f"{site}/gone.html", "https://keras.io"} <= broken, f"not named: {broken}"
    assert f"{site}/there.html" not in broken
    no_links = [address for address in broken if not address.startswith("http")]
    assert not no_links, f"called dead, and no links to elsewhere: {no_links}"
