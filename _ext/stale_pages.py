"""Pages made again when what makes them has changed: Sphinx would leave them as they were.

All are read again when code in _ext/ is another, and written again when a file in _static/ or _templates/ is.
"""

import hashlib


def digest(paths):
    """Return a digest of these files' names and contents."""
    result = hashlib.sha256()
    for path in sorted(paths):
        if path.is_file():
            result.update(path.name.encode() + path.read_bytes())
    return result.hexdigest()


def digest_files(app, config):
    """Make the files a part of the settings, which Sphinx compares with those of the last build."""
    config.code_of_extensions = digest((app.srcdir / "_ext").glob("*.py"))
    config.html_context["static_files"] = digest(
        path for folder in ["_static", "_templates"] for path in (app.srcdir / folder).rglob("*"))


def setup(app):
    app.add_config_value("code_of_extensions", "", "env", [str])
    app.connect("config-inited", digest_files)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
