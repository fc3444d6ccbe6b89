"""The foot of each page: when it was built, from which state of the course, and with what."""

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


def setup(app):
    # after lesson_execution, which finds out what data there are
    app.connect("config-inited", add_foot, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
