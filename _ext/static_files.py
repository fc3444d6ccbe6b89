"""Pages written again when a file in _static/ has changed: Sphinx would leave them as they were."""

import hashlib


def digest_files(app, config):
    """Make what is in _static/ a part of the pages' settings."""
    digest = hashlib.sha256()
    for path in sorted((app.srcdir / "_static").rglob("*")):
        if path.is_file():
            digest.update(path.name.encode() + path.read_bytes())
    config.html_context["static_files"] = digest.hexdigest()


def setup(app):
    app.connect("config-inited", digest_files)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
