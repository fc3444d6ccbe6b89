"""`python _ext build .` is `jupyter-book build .`, a second faster and in every folder.

The script `jupyter-book` does not start where the path of .venv holds a quotation mark.
"""

import sys

sys.modules["rfc3987_syntax"] = None   # jsonschema would compile a grammar for addresses at each start

from jupyter_book.cli.main import main

main()
