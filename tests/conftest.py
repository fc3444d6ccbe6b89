"""Settles, once and before anything is tested, how the tests run and on which data."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CODE = Path(__file__).parent.parent / "code"

sys.path.insert(0, str(CODE))
os.environ["PROGRESS"] = "0"
# Sums taken in a fixed order: comparisons of two trainings are bit for bit. Workers that share a
# processor also do not take each other's threads.
os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["TF_NUM_INTEROP_THREADS"] = "1"

data = pytest.StashKey()


def pytest_configure(config):
    if hasattr(config, "workerinput"):
        return   # a worker of pytest-xdist: it has inherited the answer
    asked = subprocess.run([sys.executable, CODE / "mnist.py"], capture_output=True, text=True)
    if asked.returncode:
        pytest.exit(f"no data to test on: {asked.stderr.strip().splitlines()[-1]}", returncode=1)
    # the last line, because Keras prints about its download before it
    config.stash[data] = asked.stdout.splitlines()[-1]
    if config.stash[data] == "stand-in":
        os.environ["MNIST_NPZ"] = "stand-in"   # or each lesson would wait for the network anew
    elif os.environ.get("MNIST_NPZ"):
        os.environ["MNIST_NPZ"] = os.path.abspath(os.environ["MNIST_NPZ"])   # lessons run elsewhere


def pytest_report_header(config):
    return f"data: {config.stash[data]}" if data in config.stash else None
