"""MNIST, checked, from wherever it can be had; without a network, a stand-in."""

import contextlib
import hashlib
import os
import socket
import sys
from pathlib import Path

import numpy as np

# Set before anything loads TensorFlow, or its start-up notices land in the page.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

# Keras's own address and checksum of the archive (keras.datasets.mnist).
URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
ARCHIVE_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"

# name: shape and SHA-256 of the array's bytes. The arrays are checked because archives of the
# same arrays differ byte by byte with the program that packed them.
ARRAYS = {
    "x_train": ((60000, 28, 28), "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757"),
    "y_train": ((60000,), "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13"),
    "x_test": ((10000, 28, 28), "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161"),
    "y_test": ((10000,), "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5"),
}

STAND_IN = "stand-in"   # as MNIST_NPZ: do not look for MNIST

source = None   # what load_data returned last: "MNIST" or "stand-in"


class BadData(Exception):
    """A file that was named or cached as MNIST and is not."""


def load_data():
    """Return `(x_train, y_train), (x_test, y_test)`, as keras.datasets.mnist.load_data does.

    x: uint8 (60000, 28, 28) and (10000, 28, 28), 0 to 255. y: uint8 (60000,) and (10000,), 0 to 9.

    Taken from the first of: the file that the environment variable MNIST_NPZ names; Keras's
    cache; Keras's download. Where none can be had, or MNIST_NPZ is the word "stand-in", a
    stand-in with the same shapes, types and range is made from scikit-learn's digits. One printed
    line says which it was, and so does `mnist.source`. Raises BadData if MNIST_NPZ names a file
    that is missing, damaged or not MNIST.
    """
    global source
    path, arrays = _mnist()
    if path:
        source = "MNIST"
        print("Data: MNIST, 60,000 training and 10,000 test images")
    else:
        source = STAND_IN
        arrays = _stand_in()
        print("Data: a stand-in for MNIST, made from scikit-learn's digits, 60,000 training and "
              "10,000 test images")
    return (arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])


def _mnist():
    """Return MNIST's file and its arrays by name, or None twice: for the stand-in."""
    named = os.environ.get("MNIST_NPZ")
    if named == STAND_IN:
        return None, None
    if not named:
        return _from_keras()
    path = Path(os.path.expanduser(named))
    return path, _read(path)


def _read(path):
    """Return the four arrays of the archive at `path`, or raise BadData."""
    advice = ("give MNIST_NPZ the path of an mnist.npz as Keras distributes it, or unset it to "
              "let Keras download the data")
    try:
        # pickle could run code that a stranger put into the file
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in ARRAYS}
    except FileNotFoundError:
        raise BadData(f"{path}: no such file; {advice}") from None
    except KeyError as error:
        raise BadData(f"{path}: not MNIST, {error.args[0]}; {advice}") from None
    except Exception as error:   # zip and array headers that are damaged raise almost anything
        reason = str(error).split(". ")[0]   # NumPy goes on to advise unpickling
        raise BadData(f"{path}: not a readable .npz archive of plain arrays ({reason}); "
                      f"{advice}") from None
    for name, (shape, digest) in ARRAYS.items():
        array = arrays[name]
        if array.shape != shape or array.dtype != np.uint8:
            raise BadData(f"{path}: {name} is {array.dtype} {array.shape}, "
                          f"MNIST's is uint8 {shape}; {advice}")
        if hashlib.sha256(np.ascontiguousarray(array)).hexdigest() != digest:
            raise BadData(f"{path}: {name} has the shape of MNIST's but other contents "
                          f"(SHA-256 differs); {advice}")
    return arrays


def _from_keras():
    """Return the file that Keras keeps or downloads, and its arrays; None twice if it cannot."""
    home = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser()
    cached = home / "datasets" / "mnist.npz"
    if cached.exists():
        try:
            return cached, _read(cached)
        except BadData:
            print("Data: Keras's cached mnist.npz is damaged; downloading it again", file=sys.stderr)
    import keras   # only now: it takes seconds

    patience = socket.getdefaulttimeout()
    socket.setdefaulttimeout(10)
    try:
        path = keras.utils.get_file(cached.name, URL, file_hash=ARCHIVE_SHA256)
    except Exception:   # get_file wraps every failure of the network in a plain Exception
        return None, None
    finally:
        socket.setdefaulttimeout(patience)
    return Path(path), _read(Path(path))


def _stand_in():
    """Return arrays like MNIST's, made in seconds from the 1,797 real digits in scikit-learn.

    The originals (8x8) are split first, so that no test image is a variant of a training image,
    and none of the last 5,000 training images, with which lessons validate, of another; each is
    then drawn many times, turned, stretched, sheared and shifted at random.
    """
    from sklearn.datasets import load_digits

    digits = load_digits()
    rng = np.random.default_rng(0)
    order = rng.permutation(len(digits.images))
    drawn = np.concatenate([rng.choice(originals, count) for originals, count in [
        (order[:1300], 55000), (order[1300:1437], 5000), (order[1437:], 10000)]])
    x = _affine_copies(digits.images[drawn] * (255 / 16), rng)
    y = digits.target[drawn].astype(np.uint8)
    return {"x_train": x[:60000], "y_train": y[:60000], "x_test": x[60000:], "y_test": y[60000:]}


def _affine_copies(images, rng):
    """Return (n, 8, 8) images as uint8 (n, 28, 28), each under its own random affine map."""
    from scipy import ndimage

    n = len(images)
    angle = np.radians(rng.uniform(-15, 15, n))
    shear = rng.uniform(-0.15, 0.15, n)
    scale = rng.uniform(0.85, 1.15, (n, 2))
    shift = rng.uniform(-2, 2, (n, 2))
    cos, sin, none, one = np.cos(angle), np.sin(angle), np.zeros(n), np.ones(n)
    turn = np.array([[cos, -sin], [sin, cos]]).transpose(2, 0, 1)
    slant = np.array([[one, none], [-shear, one]]).transpose(2, 0, 1)
    # from a pixel of the copy, seen from the center, to the original's: the digit fills 20 of the
    # 28 pixels, as MNIST's do
    matrix = turn @ slant * (8 / 20) / scale[:, :, None]
    offset = 3.5 - np.einsum("nij,nj->ni", matrix, 13.5 + shift)
    copies = np.empty((n, 28, 28), np.uint8)
    for copy, *parts in zip(copies, images, matrix, offset):
        ndimage.affine_transform(*parts, output=copy, order=1, mode="grid-constant")
    return copies


if __name__ == "__main__":   # the build asks once for all lessons
    with contextlib.redirect_stdout(sys.stderr):   # Keras's notices of a download
        path, _ = _mnist()
    print("MNIST", path.resolve()) if path else print(STAND_IN)
