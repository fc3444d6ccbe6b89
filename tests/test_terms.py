"""Terms that are kept: their releases, their sites beside the newest, old addresses, links to elsewhere."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import zipfile
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

import outside_links
import release
import terms
from book import SmallBook
from term import read_term

ROOT = Path(__file__).parent.parent
ADDRESS = "https://example.org/course/"   # that nothing asks
WINTER, FALL = "2027-winter", "2027-fall"   # in the order of their dates, which is not that of the alphabet


def write_book(book, term, begins, *lessons):
    """Make this a book with these lessons, which are only text, in this term."""
    text = (ROOT / "term.yml").read_text(encoding="utf8").replace('term: ""', f'term: "{term}"')
    book.write("term.yml", re.sub(r"^classes: \[\]", f"classes: [{{date: {begins} 10:00, lessons: []}}]", text, flags=re.M))
    book.write("index.md", "# The course\n")
    shutil.rmtree(book.folder / "lessons", ignore_errors=True)
    for lesson in lessons:
        book.write(f"lessons/{lesson}.md", f"# {lesson}\n\n({lesson}-place)=\n## A place\n\n{term}.\n" + "\nText.\n" * 60)
    book.write("_toc.yml", "format: jb-book\nroot: index\nchapters:\n" + "".join(
        f"- file: lessons/{lesson}\n" for lesson in lessons))


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """The folder of a site with two earlier terms; a lesson each was only in them."""
    folder = tmp_path_factory.mktemp("terms")
    book, archives = SmallBook(folder / "book"), folder / "archives"
    archives.mkdir()
    for name, term, begins, lessons in [
            (WINTER, "Winter 2027", "2027-01-12", ["kept", "gone", "older"]),
            (FALL, "Fall 2027", "2027-09-07", ["kept", "gone"]),
            (None, "Winter 2028", "2028-01-11", ["kept", "new"])]:
        shutil.rmtree(book.folder / "_build/html", ignore_errors=True)
        write_book(book, term, begins, *lessons)
        succeeded, printed = book.build(COURSE_ADDRESS=ADDRESS)
        assert succeeded, printed
        if name:
            (book.folder / "_build/student/lessons").mkdir(parents=True, exist_ok=True)
            (book.folder / "_build/student/lessons/kept.ipynb").write_text("{}")
            pack(book, name)
            shutil.copy(book.folder / f"_build/release/{name}-site.zip", archives)
    terms.assemble(book.folder / "_build/html", sorted(archives.iterdir()), folder / "server/course", ADDRESS)
    return folder


def pack(book, name):
    """Pack the release of a term of this book."""
    patch = pytest.MonkeyPatch()
    patch.setattr(release, "current", lambda: read_term(book.folder / "term.yml"))
    patch.setenv("COURSE_ADDRESS", ADDRESS)
    release.main(name, book.folder / "_build")
    patch.undo()


@pytest.fixture(scope="module")
def address(published, serve):
    return f"{serve(published / 'server')}/course/"


@pytest.fixture
def visit(browser, address, watch):
    """A function that opens an address of the published site; what goes wrong is in `page.troubles`."""
    contexts = []

    def visit(name, width=1280):
        context = browser.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce")
        contexts.append(context)
        page = context.new_page()
        watch(page, (address, "data:"))
        page.goto(address + name)
        return page

    yield visit
    for context in contexts:
        context.close()


def switcher(page):
    return page.locator(".version-switcher__button")


@pytest.mark.parametrize("name, term, text", [
    ("", "Current", "Winter 2028"), (f"{FALL}/", "Fall 2027", "Fall 2027"), (f"{WINTER}/", "Winter 2027", "Winter 2027")])
@pytest.mark.parametrize("width", [390, 1280])
def test_each_term_is_there_and_lists_all_of_them(visit, name, term, text, width):
    page = visit(f"{name}lessons/kept.html", width)
    switcher(page).wait_for()
    assert switcher(page).inner_text().strip() == term
    assert f"{text}." in page.locator("article").inner_text()
    page.evaluate("""() => {   // as many as a lesson has with all ways to run it
      const button = document.querySelector(".theme-switch-button")
      button.parentElement.append(button.cloneNode(true), button.cloneNode(true))}""")
    switcher(page).click()
    listed = page.locator(".version-switcher__menu a:visible").all_inner_texts()
    assert listed == ["Current", "Fall 2027", "Winter 2027"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert not page.troubles
    found = Axe().run(page)   # asks for style sheets once more, and not always where they are
    assert not found.violations_count, found.generate_report()[:3000]


@pytest.mark.parametrize("start, term, end", [
    ("lessons/kept.html", "Winter 2027", f"{WINTER}/lessons/kept.html"),
    (f"{WINTER}/lessons/kept.html", "Fall 2027", f"{FALL}/lessons/kept.html"),
    (f"{FALL}/lessons/kept.html", "Current", "lessons/kept.html"),
    ("lessons/new.html", "Fall 2027", f"{FALL}/"),   # which has no such lesson
    ("", "Winter 2027", f"{WINTER}/index.html")])
def test_the_switcher_leads_to_the_same_page_or_to_the_first(visit, address, start, term, end):
    page = visit(start)
    switcher(page).click()
    page.locator(".version-switcher__menu a:visible").get_by_text(term, exact=True).click()
    page.wait_for_url(address + end)


@pytest.mark.parametrize("name, end", [
    ("lessons/gone.html", f"{FALL}/lessons/gone.html"),   # the last term that had it
    ("lessons/older.html#older-place", f"{WINTER}/lessons/older.html#older-place")])
def test_an_old_address_leads_to_the_last_term_that_had_it(visit, address, name, end):
    page = visit(name)
    page.wait_for_url(address + end)
    assert not page.troubles


def test_an_old_address_leads_there_without_scripts_too(published):
    for name, here in [("gone", FALL), ("older", WINTER)]:
        text = (published / f"server/course/lessons/{name}.html").read_text()
        assert f'content="0; url=../{here}/lessons/{name}.html"' in text
        canonical = f'<link rel="canonical" href="{ADDRESS}{here}/lessons/{name}.html"'
        assert canonical in text
        assert canonical in (published / f"server/course/{here}/lessons/{name}.html").read_text()
    kept = (published / f"server/course/{WINTER}/lessons/kept.html").read_text()
    assert f'<link rel="canonical" href="{ADDRESS}lessons/kept.html"' in kept, "the newest goes before the old"


def test_the_archive_of_a_site_is_read_without_a_server(browser, published, tmp_path):
    with zipfile.ZipFile(published / f"archives/{WINTER}-site.zip") as packed:
        packed.extractall(tmp_path)
    folder = tmp_path / WINTER
    assert not (folder / "404.html").exists() and not (folder / "sitemap.xml").exists()
    page = browser.new_page()
    troubles = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: troubles.append(request.url) if not request.url.startswith("file:") else None)
    page.goto((folder / "lessons/gone.html").as_uri())
    page.wait_for_load_state("networkidle")
    assert not troubles
    assert switcher(page).is_hidden(), "there is nothing to switch to"
    page.close()


def test_a_site_alone_has_no_switcher_to_be_seen(browser, published, tmp_path):
    terms.assemble(published / "book/_build/html", [], tmp_path / "pages")
    own, = json.loads((tmp_path / "pages" / terms.TERMS).read_text())
    assert own["url"] == "/"
    page = browser.new_page()
    page.goto((tmp_path / "pages/index.html").as_uri())
    assert switcher(page).is_hidden()
    page.close()


def test_a_site_without_an_address_has_no_switcher(tmp_path):
    book = SmallBook(tmp_path)
    write_book(book, "", "2027-01-12", "kept")
    succeeded, printed = book.build()
    assert succeeded, printed
    assert "version-switcher" not in book.page("index")


# Releases

def test_a_release_has_the_site_and_the_notebooks(published):
    folder = published / "book/_build/release"
    with zipfile.ZipFile(folder / f"{FALL}-site.zip") as packed:
        names = packed.namelist()
        assert {f"{FALL}/index.html", f"{FALL}/lessons/kept.html"} <= set(names) and len(names) == len(set(names))
        assert json.loads(packed.read(f"{FALL}/{terms.TERMS}")) == [
            {"version": FALL, "name": "Fall 2027", "begins": "2027-09-07"}]
    with zipfile.ZipFile(folder / f"{FALL}-notebooks.zip") as packed:
        assert packed.namelist() == [f"{FALL}-notebooks/lessons/kept.ipynb"]
    notes = (folder / "notes.md").read_text()
    assert "as it was in Fall 2027." in notes and f"{ADDRESS}{FALL}/" in notes


@pytest.mark.parametrize("name", ["", "winter", "../2027-winter", "2027-winter/x", "2027-$(make)"])
def test_a_tag_that_is_no_terms_is_named(name):
    with pytest.raises(SystemExit, match="such as 2027-winter, and not"):
        release.main(name)


def test_an_archive_that_would_write_elsewhere_is_refused(tmp_path):
    archive = tmp_path / f"{FALL}-site.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("index.html", "instead of the newest")
    with pytest.raises(ValueError, match=f"{archive}: has more in it than the folder {FALL}"):
        terms.unpack(archive, tmp_path)


# What the workflows call: with a gh that keeps what it is asked

@pytest.fixture
def gh(tmp_path):
    """A folder with a `gh` that logs its arguments in `log`, prints `listed` for lists, fails as `fails` says."""
    (tmp_path / "gh").write_text(
        f'#!/bin/sh\necho "$*" >> "{tmp_path}/log"\n'
        f'case "$*" in $(cat "{tmp_path}/fails")) exit 1;; "release list"*) cat "{tmp_path}/listed";; esac\n')
    (tmp_path / "gh").chmod(0o755)
    (tmp_path / "fails").write_text("nothing")
    return tmp_path


def make(gh, *arguments):
    return subprocess.run(
        ["make", *arguments, f"BIN={Path(sys.executable).parent}", "INSTALLED="], cwd=ROOT, text=True,
        capture_output=True, env={**os.environ, "PATH": f"{gh}:{os.environ['PATH']}"})


@pytest.mark.parametrize("fails, second", [
    ('"release view"*', f"release create {FALL} _build/release/{FALL}-site.zip _build/release/{FALL}-notebooks.zip "
     f"--verify-tag --title {FALL} --notes-file _build/release/notes.md"),
    ("nothing", f"release upload {FALL} _build/release/{FALL}-site.zip _build/release/{FALL}-notebooks.zip --clobber")])
def test_a_release_is_made_or_renewed_and_the_site_published(gh, fails, second):
    (gh / "fails").write_text(fails.strip('"').replace('"', ""))
    ran = make(gh, "release", f"NAME={FALL}")
    assert ran.returncode == 0, ran.stderr
    assert (gh / "log").read_text().splitlines() == [f"release view {FALL}", second, "workflow run site.yml"]


def test_a_term_without_a_record_is_not_packed(gh):
    ran = make(gh, "release-files", "NAME=1999-fall")
    assert ran.returncode and "there is no results/1999-fall.json" in ran.stderr
    assert "make record NAME=1999-fall" in ran.stderr


def test_the_site_of_each_term_is_downloaded_and_none_may_be_missing(gh, monkeypatch):
    monkeypatch.setenv("PATH", str(gh), prepend=os.pathsep)
    monkeypatch.setattr(terms, "ARCHIVES", gh / "archives")
    (gh / "listed").write_text(json.dumps([{"tagName": name} for name in [WINTER, "v1.0", FALL]]))
    terms.download()
    assert (gh / "log").read_text().splitlines()[1:] == [
        f"release download {name} --pattern {name}-site.zip --dir {gh}/archives" for name in [FALL, WINTER]]
    (gh / "fails").write_text(f"*{WINTER}*")
    with pytest.raises(subprocess.CalledProcessError, match=WINTER):
        terms.download()


# Links to elsewhere

class OneGood(SimpleHTTPRequestHandler):
    """A server that has one address."""

    def do_GET(self):
        self.send_response(200 if self.path == "/good" else 404)
        self.end_headers()

    do_HEAD = do_GET

    def log_message(self, *_):
        pass


def try_links(book, address, *names):
    book.write("index.md", "# The course\n\n" + "\n".join(f"[{name}]({address}/{name})\n" for name in names))
    command = next(line for line in (ROOT / "Makefile").read_text().splitlines() if "linkcheck" in line)
    ran = subprocess.run(command.strip().replace("$(BIN)/python", sys.executable), shell=True, cwd=book.folder,
                         text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return ran.returncode, ran.stdout


def test_a_dead_link_fails_and_is_named_with_its_page(tmp_path):
    book = SmallBook(tmp_path)
    write_book(book, "", "2027-01-12", "kept")
    with ThreadingHTTPServer(("127.0.0.1", 0), OneGood) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        code, printed = try_links(book, address, "good")
        assert code == 0, printed
        code, printed = try_links(book, address, "good", "dead")
        server.shutdown()
    assert code, printed
    assert re.search(rf"index: .*broken .*{address}/dead", printed), printed
    assert not re.search(rf"broken .*{address}/good", printed), printed


def test_a_doi_is_asked_for_where_it_is_registered():
    assert outside_links.registered(None, "https://doi.org/10.1000/1") == "https://doi.org/api/handles/10.1000/1"
    assert outside_links.registered(None, "https://example.org/https://doi.org/10.1000/1") is None
