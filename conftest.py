"""Settles, once and before anything is tested, how the tests run and on which data.

It lies at the root because pytest then reads it for a lesson alone, too.
"""

import os

import pytest
from nbval.plugin import IPyNbCell, IPyNbFile

os.environ["PROGRESS"] = "0"
# Sums taken in a fixed order: comparisons of two trainings are bit for bit. Workers that share a
# processor also do not take each other's threads.
os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["TF_NUM_INTEROP_THREADS"] = "1"
# the servers that tests start are here, and not behind a proxy
for name in ("no_proxy", "NO_PROXY"):
    os.environ[name] = ",".join(filter(None, [os.environ.get(name), "127.0.0.1"]))

import compare_numbers
import replay
from lesson_execution import find_data

IPyNbFile.setup = replay.setup
IPyNbCell.compare_outputs = compare_numbers.compare_outputs


def pytest_configure(config):
    if not hasattr(config, "workerinput"):   # a worker of pytest-xdist inherits the answer
        try:
            find_data()
        except SystemExit as error:
            pytest.exit(f"no data to test on: {error}", returncode=1)


def pytest_report_header(config):
    if not hasattr(config, "workerinput"):
        executed = [path.stem for path in sorted((config.rootpath / "lessons").glob("*.ipynb"))
                    if replay.executed_by_the_book(path) is not None]
        return [f"data: {os.environ['COURSE_DATA']}",
                f"lessons executed by make book: {', '.join(executed) or 'none, nbval does it now'}"]
