"""MathJax served with the site, from the package of its files, so that no page needs the network."""

from pathlib import Path

import mathjax


def add_mathjax(app, config):
    config.html_static_path.append(
        str(Path(mathjax.__file__).parent / "static/mathjax/es5" / config.mathjax_path))


def setup(app):
    app.connect("config-inited", add_mathjax)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
