"""The foot of each page: its build, the state of the course, and under which terms it may be used."""

import datetime
import html
import os
import platform
import subprocess
from importlib.metadata import version


def add_foot(app, config):
    """Give the theme a line about this build for the foot of its pages."""
    commit = subprocess.run(["git", "describe", "--always", "--dirty", "--abbrev=10"], cwd=app.srcdir,
                            text=True, capture_output=True).stdout.strip()
    tensorflow = next(name for name in ("tensorflow-cpu", "tensorflow") if installed(name))
    config.html_theme_options["extra_footer"] = "<p>" + html.escape(
        f"Built on {datetime.date.today():%-d %B %Y}" + (f" from commit {commit}" if commit else "")
        + (f" on {os.environ['COURSE_DATA']}" if os.environ.get("COURSE_DATA") else "")
        + f" with Python {platform.python_version()}, TensorFlow {version(tensorflow)} and Keras "
        + version("keras") + ".") + "</p>"


def installed(name):
    try:
        return version(name)
    except ModuleNotFoundError:
        return None


def add_terms(app, name, template, context, document):
    """Link the license and how to cite the course, from any page."""
    if "license" in app.env.found_docs:
        page = context["pathto"]("license").rstrip("#")
        context["theme_extra_footer"] += (
            f'<p>The text may be used under <a href="{page}#license" rel="license">CC BY 4.0</a>, the '
            f'code under the MIT license. <a href="{page}#citation">How to cite the course</a></p>')


def setup(app):
    # after lesson_execution, which finds out what data there are
    app.connect("config-inited", add_foot, priority=900)
    app.connect("html-page-context", add_terms)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
