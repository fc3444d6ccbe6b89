"""Links to elsewhere, as `make links` tries them: a DOI is asked for where it is registered.

It leads to a publisher, and most of them turn programs away as if the page did not exist.
"""

DOI = "https://doi.org/"


def registered(app, address):
    """Return where the registry says whether there is such a DOI; None for other addresses."""
    return f"{DOI}api/handles/{address.removeprefix(DOI)}" if address.startswith(DOI) else None


def setup(app):
    app.connect("linkcheck-process-uri", registered)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
