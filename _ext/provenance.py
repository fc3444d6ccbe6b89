"""The foot of each page: its build, the state of the course, and under which terms it may be used."""

import datetime
import functools
import html
import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version


@functools.cache
def built(folder):
    """Return a line about the build of the course in this folder."""
    commit = subprocess.run(["git", "describe", "--always", "--dirty", "--abbrev=10"], cwd=folder,
                            text=True, capture_output=True).stdout.strip()
    return "<p>" + html.escape(
        f"Built on {datetime.date.today():%-d %B %Y}" + (f" from commit {commit}" if commit else "")
        + (f" on {os.environ['COURSE_DATA']}" if os.environ.get("COURSE_DATA") else "")
        + f" with Python {platform.python_version()}, TensorFlow {tensorflow_version()} and Keras "
        + version("keras") + ".") + "</p>"


def tensorflow_version():
    """Return the version of TensorFlow, which is in one of two packages."""
    try:
        return version("tensorflow-cpu")
    except PackageNotFoundError:
        return version("tensorflow")


def add_foot(app, name, template, context, document):
    """Say of a page when and from what it was made, and link the license and how to cite the course.

    Not as the theme's option: another day or commit would have Sphinx write all pages again.
    """
    context["theme_extra_footer"] = built(app.srcdir)
    if "license" in app.env.found_docs:
        page = context["pathto"]("license").rstrip("#")
        context["theme_extra_footer"] += (
            f'<p>The text may be used under <a href="{page}#license" rel="license">CC BY 4.0</a>, the '
            f'code under the MIT license. <a href="{page}#citation">How to cite the course</a></p>')


def setup(app):
    app.connect("html-page-context", add_foot)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
