"""Each lesson as a notebook that runs alone: the pages offer it to download, and Colab opens it.

Its first cell gets code/ of the very version that the site was built from. An archive with all
lessons and code/ is for where there is no network, or no address to get code/ from.
"""

import subprocess
import zipfile
from pathlib import Path

import nbformat
from sphinx.errors import ExtensionError

import get_code
from solutions import for_this_edition, student_notebook
from plain_markdown import plain, read_citations
from term import current

FOLDER = "notebooks"   # in the site, and the name of the branch that Colab opens them from
ARCHIVE = "lessons.zip"
PATH = 'import sys; sys.path.insert(0, "../code")\n'   # how each lesson's code begins


def lone_notebook(text, archive, digest, write=str):
    """Return the lesson in `text`, a notebook, with a first cell that gets code/, and no outputs.

    write: a function that rewrites its Markdown.
    """
    lesson = for_this_edition(nbformat.reads(text, as_version=4), text)
    code_cells = [cell for cell in lesson.cells if cell.cell_type == "code"]
    for cell in lesson.cells:
        if cell.cell_type == "markdown":
            cell.source = write(cell.source)
    for cell in code_cells:
        cell.outputs, cell.execution_count = [], None
    if reaching := [cell for cell in code_cells if PATH in cell.source]:
        lesson.cells.insert(lesson.cells.index(reaching[0]), first_cell(archive, digest))
        for cell in reaching:
            cell.source = cell.source.replace(PATH, "").lstrip("\n")
    if any("../code" in cell.source for cell in code_cells):
        raise ValueError(f"only one line may name code/, the first in its code: {PATH}")
    lesson.metadata["colab"] = {"provenance": []}
    return nbformat.writes(lesson) + "\n"


def first_cell(archive, digest):
    """Return the cell that gets code/: folded away in JupyterLab, in Colab a form."""
    _, functions = Path(get_code.__file__).read_text(encoding="utf8").split('"""\n\n', 1)
    return nbformat.v4.new_code_cell(
        '#@title Gets the course\'s code: run this cell first { display-mode: "form" }\n'
        f"{functions}\n\nget_code({archive!r},\n         {digest!r})", id="get-code",
        metadata={"jupyter": {"source_hidden": True}, "cellView": "form", "tags": ["hide-input"]})


def archive_address(theme, folder):
    """Return where there is a .zip with the code/ of the state in `folder`; None without a repository."""
    if not theme.get("repository_url"):
        return None
    version = theme.get("repository_branch")
    if not current()["addresses"]["students"]:   # which has commits of its own
        commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, text=True, capture_output=True)
        version = commit.stdout.strip() or version
    return f"{theme['repository_url']}/archive/{version}.zip"


def write_notebooks(app, exception):
    """Write the notebooks and the archive into the site."""
    if exception or app.builder.format != "html":
        return
    archive = archive_address(app.config.html_theme_options, app.srcdir)
    files = get_code.read_folder(app.srcdir / "code") if (app.srcdir / "code").exists() else {}
    equations = {label: number for label, (_, number) in app.env.domains["math"].equations.items()}
    citations = read_citations(app.srcdir / name for name in app.config.bibtex_bibfiles)
    target = app.outdir / FOLDER
    target.mkdir(exist_ok=True)
    with zipfile.ZipFile(target / ARCHIVE, "w", zipfile.ZIP_DEFLATED) as together:
        for name in app.env.lesson_digests:
            path = Path(app.env.doc2path(name))
            text = path.read_text(encoding="utf-8-sig")
            try:
                notebook = lone_notebook(
                    text, archive, get_code.digest_of(files),
                    lambda prose: plain(prose, path, equations, citations, app.config.html_baseurl))
            except ValueError as error:
                raise ExtensionError(f"{name} cannot run alone: {error}") from None
            (target / path.name).write_text(notebook, encoding="utf8")
            together.writestr(f"course/lessons/{path.name}", student_notebook(text))
        for name, contents in files.items():
            together.writestr(f"course/code/{name}", contents)


def offer(app, name, template, context, document):
    """Have a lesson's page offer these notebooks to download and to open in Colab."""
    if name not in app.env.lesson_digests:
        return
    folder, file = context["pathto"](FOLDER, resource=True), name.rpartition("/")[2] + ".ipynb"
    for group in context["header_buttons"]:
        for button in group.get("buttons", []):
            if button.get("label") == "download-source-button":
                button.update(url=f"{folder}/{file}", text="this lesson (.ipynb)",
                              tooltip="A notebook that runs alone")
                everything = {**button, "url": f"{folder}/{ARCHIVE}", "text": "all lessons (.zip)",
                              "label": "download-lessons-button",
                              "tooltip": "Notebooks and their code, to run without a network"}
            elif button["text"] == "Colab":
                start, _ = button["url"].split("/blob/")
                button["url"] = f"{start}/blob/{FOLDER}/{file}"
        if group.get("label") == "download-buttons":
            group["buttons"].insert(1, everything)


def check_addresses(app, config):
    """Offer no launch that starts from a repository where none is named."""
    if not config.html_theme_options.get("repository_url"):
        config.html_theme_options["launch_buttons"] = {}


def setup(app):
    app.setup_extension("lesson_execution")
    app.connect("config-inited", check_addresses)
    app.connect("html-page-context", offer, priority=800)   # after the theme has made its buttons
    app.connect("build-finished", write_notebooks)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
