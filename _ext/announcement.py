"""The banner that says on every page what its results are not."""

import os

from lesson_execution import PREVIEW

STAND_IN = ("The results on these pages were <strong>not</strong> computed on MNIST, which could "
            "not be had when they were built, but on a stand-in made from scikit-learn's digits.")
UNEXECUTED = ("A preview: nothing was executed. The outputs are those that the lessons store; "
              "figures, results and checks come with <code>make book</code>.")


def announce(app, config):
    if PREVIEW:
        config.html_theme_options["announcement"] = UNEXECUTED
    elif os.environ["COURSE_DATA"] != "MNIST":
        config.html_theme_options["announcement"] = STAND_IN


def setup(app):
    app.setup_extension("lesson_execution")   # finds the data first
    app.connect("config-inited", announce)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
