"""The laboratory's images: those that the lessons train on, and every fifth of their test images.

Pages from the file system may not fetch, so the build writes a script that they load. The loader
is asked for the images, so they are MNIST's or the stand-in's, whichever the lessons have.
"""

import base64
import contextlib
import io
import json
import os
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np

from kernel_environment import ROOT, kernel_environment
from lesson_execution import find_data

TRAINING, TEST = 500, 2000
PLACE = "_static/laboratory/data.js"   # in the built site alone


def pack(x, labels, source):
    """Return the script that gives the page images (n, 28, 28), uint8, and their n labels.

    A pixel's left, upper and upper right neighbors, black, gray or white each, are its kind. The
    pixels are sorted by kind: what follows two black ones is mostly black, and zlib, which has a code
    for each part, makes a seventh less of them than of whole rows. Base 85 can stand in a script.
    """
    shade = np.pad((x > 0).astype(np.uint8) + (x > 252), ((0, 0), (1, 0), (1, 1)))
    kind = 9 * shade[:, 1:, :-2] + 3 * shade[:, :-1, 1:-1] + shade[:, :-1, 2:]
    sorted_pixels = [x[kind == k].tobytes() for k in range(27)]
    compressor = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS, 9, zlib.Z_FILTERED)
    compressed = compressor.compress(b"".join(sorted_pixels)) + compressor.flush()
    record = {"source": source, "training": TRAINING, "labels": "".join(map(str, labels)),
              "counts": [len(pixels) for pixels in sorted_pixels], "bytes": len(compressed),
              "pixels": base64.b85encode(compressed, pad=True).decode()}
    return f"globalThis.laboratoryData = {json.dumps(record, separators=(',', ':'))};\n"


def load():
    """Return the laboratory's images, their labels, and what they are, as pack takes them."""
    sys.path.insert(0, str(ROOT / "code"))
    import mnist

    with contextlib.redirect_stdout(io.StringIO()):   # it says what it found
        (x_train, y_train), (x_test, y_test) = mnist.load_data()
    some = slice(None, None, len(x_test) // TEST)   # from end to end: MNIST's first half is the harder one
    return (np.concatenate([x_train[:TRAINING], x_test[some]]),
            np.concatenate([y_train[:TRAINING], y_test[some]]), mnist.source)


def write(app, exception):
    """Write the script into the site. The loader has a process of its own, as for the lessons."""
    if exception or not any("laboratory" in metadata for metadata in app.env.metadata.values()):
        return
    target = app.outdir / PLACE
    if "COURSE_DATA" not in os.environ:   # a preview executes nothing, so nothing asked for the data
        if target.exists():
            return
        find_data()
    elif target.exists() and _is_new(target):
        return
    script = subprocess.run([sys.executable, __file__], check=True, stdout=subprocess.PIPE,
                            env=kernel_environment()).stdout
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(script)


def _is_new(target):
    """Return whether the script is of these data, and younger than what makes it: to make it takes seconds."""
    of_these = f'{{"source":"{os.environ["COURSE_DATA"]}"' in target.read_text(encoding="utf8")[:100]
    return of_these and all(target.stat().st_mtime > path.stat().st_mtime
                            for path in [Path(__file__), ROOT / "code/mnist.py"])


def setup(app):
    app.setup_extension("lesson_execution")   # finds the data first
    app.connect("build-finished", write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    sys.stdout.write(pack(*load()))
