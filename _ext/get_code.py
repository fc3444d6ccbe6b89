"""The first cell of a notebook that is opened alone: it finds the folder code/, or gets it.

All below is copied into that cell, by _ext/lone_notebooks.py.
"""

import hashlib
import http.client
import importlib.util
import io
import os
import sys
import tempfile
import urllib.request
import zipfile
import zlib
from pathlib import Path

PACKAGES = {"tensorflow": "tensorflow", "keras": "keras", "numpy": "numpy",
            "scipy": "scipy", "matplotlib": "matplotlib", "sklearn": "scikit-learn",
            "joblib": "joblib"}
ADVICE = ("put the course's folder code/ beside this notebook (what the site offers as "
          '"all lessons" has it) and run this cell again')


def get_code(archive, digest):
    """Put the course's folder code/ on Python's path; get it first where it is not at hand.

    archive: address of a .zip of the course, or None; digest: what its code/ must have.
    """
    missing = [package for name, package in PACKAGES.items()
               if importlib.util.find_spec(name) is None]
    if missing:
        raise ModuleNotFoundError(
            "this Python lacks packages that the course needs. Run this in a cell of its "
            f"own, then this cell again: %pip install {' '.join(missing)}")
    for folder in [Path("code"), Path("../code")]:
        if (folder / "lecture.py").exists():
            if digest_of(read_folder(folder)) != digest:
                print(f"{folder.resolve()} is not as this version of the course has it, and "
                      "is used all the same. Without it, this cell gets that version.")
            break
    else:
        folder = Path("code")
        if folder.exists():
            raise FileExistsError(
                f"{folder.resolve()} is not the course's folder code/ and stands in its "
                "place: run this notebook in a folder of its own")
        if not archive:
            raise FileNotFoundError("the site that this notebook comes from knows no "
                                    f"address to get the course's code from: {ADVICE}")
        files = read_archive(archive)
        if digest_of(files) != digest:   # names and contents, before any is written
            raise ValueError(f"code/ in {archive} is not of this notebook's version: get "
                             f"the notebook again from the course's site, or {ADVICE}")
        part = tempfile.mkdtemp(dir=".")
        for name, contents in files.items():
            Path(part, name).write_bytes(contents)
        os.rename(part, folder)   # whole or not at all
        print(f"The course's code is in {folder.resolve()}")
    sys.path.insert(0, str(folder.resolve()))


def read_archive(address):
    """Return the files of code/ in the .zip at `address`, by name."""
    try:
        with urllib.request.urlopen(address, timeout=30) as answer:
            packed = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise ConnectionError(f"could not get {address} ({error}). Where there is no "
                              f"network, {ADVICE}") from None
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            return {path.partition("/code/")[2]: archive.read(path)
                    for path in archive.namelist()
                    if path.count("/") == 2 and "/code/" in path and is_code(path)}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise ValueError(f"what came from {address} is damaged ({error}): run this cell "
                         f"again, or {ADVICE}") from None


def read_folder(folder):
    """Return the files of the folder code/, by name."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())
            if is_code(path.name)}


def is_code(name):
    return name.endswith((".py", ".mplstyle"))


def digest_of(files):
    """Return the SHA-256 of files, given as contents by name."""
    parts = [f"{name}\0{len(files[name])}\0".encode() + files[name]
             for name in sorted(files)]
    return hashlib.sha256(b"".join(parts)).hexdigest()
