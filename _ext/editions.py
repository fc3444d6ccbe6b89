"""The instructor's guide, instructors/: in the instructor's edition, led to from every page, and in no other."""

import shutil
from pathlib import Path

from solutions import edition

FOLDER = "instructors"
BANNER = 'Instructor’s edition, with all solutions. <a href="{address}">The guide</a>'


def leave_out_the_guide(app, config):
    if edition() == "student":
        config.exclude_patterns.append(FOLDER)


def lead_to_the_guide(app, name, template, context, document):
    """Say in the announcement which edition this is, beside what else is announced."""
    if f"{FOLDER}/index" in app.env.found_docs:
        banner = BANNER.format(address=context["pathto"](f"{FOLDER}/index"))
        context["theme_announcement"] = " ".join(filter(None, [context.get("theme_announcement"), banner]))


def remove_the_guide(app, exception):
    """Leave nothing of an instructor's edition that was built into the same folder."""
    if app.builder.format == "html" and edition() == "student":
        for folder in (FOLDER, f"_sources/{FOLDER}"):
            shutil.rmtree(Path(app.outdir, folder), ignore_errors=True)


def setup(app):
    app.setup_extension("solutions")
    app.connect("config-inited", leave_out_the_guide)
    app.connect("html-page-context", lead_to_the_guide)
    app.connect("build-finished", remove_the_guide)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
