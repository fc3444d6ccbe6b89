"""Where mnist.load_data takes its data from, and what it refuses to take for MNIST."""

import contextlib
import functools
import hashlib
import http.server
import os
import pickle
import socket
import subprocess
import sys
import threading
import types
import zipfile
from pathlib import Path

import mnist   # before Keras: it silences the start-up notices

import keras
import numpy as np
import pytest
import sklearn.datasets

CODE = Path(__file__).parent.parent / "code"


def small():
    """Return arrays that stand in for MNIST's, so that the tests need no MNIST and are quick."""
    rng = np.random.default_rng(0)
    return {"x_train": rng.integers(0, 256, (6, 28, 28), np.uint8),
            "y_train": np.array([3, 1, 4, 1, 5, 9], np.uint8),
            "x_test": rng.integers(0, 256, (3, 28, 28), np.uint8),
            "y_test": np.array([2, 6, 5], np.uint8)}


def pack(path, **arrays):
    """Write an archive of the small arrays, some of them replaced; None leaves one out."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {**small(), **arrays}
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    return path


@pytest.fixture(autouse=True)
def small_mnist(monkeypatch):
    arrays = small()
    monkeypatch.setattr(mnist, "ARRAYS", {
        name: (array.shape, hashlib.sha256(array).hexdigest()) for name, array in arrays.items()})
    monkeypatch.setattr(mnist, "source", None)


@pytest.fixture
def quick_stand_in(monkeypatch):
    """Make the stand-in of zeros, where a test asks only whether it was taken."""
    zeros = {name: np.zeros_like(array) for name, array in small().items()}
    monkeypatch.setattr(mnist, "_stand_in", lambda: zeros)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty Keras home, MNIST_NPZ unset; the path at which Keras would keep MNIST."""
    home = tmp_path / "keras"
    home.mkdir()
    monkeypatch.setenv("KERAS_HOME", str(home))
    monkeypatch.delenv("MNIST_NPZ", raising=False)
    # Keras reads KERAS_HOME only when it is first imported: before this test
    monkeypatch.setattr(keras.utils, "get_file",
                        functools.partial(keras.utils.get_file, cache_dir=str(home)))
    return home / "datasets" / "mnist.npz"


@pytest.fixture
def no_network(monkeypatch):
    with socket.socket() as unanswered:
        unanswered.bind(("127.0.0.1", 0))   # taken, but nobody listens: connections are refused
        port = unanswered.getsockname()[1]
        monkeypatch.setattr(mnist, "URL", f"http://127.0.0.1:{port}/mnist.npz")
        yield


@contextlib.contextmanager
def serving(content, length=None):
    """Serve `content` from a port of this machine; yield its address and the requests it got."""
    requests = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            requests.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(length or len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/mnist.npz", requests
        server.shutdown()


@pytest.fixture
def download(tmp_path, monkeypatch):
    """Put a server in the place of Keras's; the list of the requests that it gets."""
    archive = pack(tmp_path / "served.npz").read_bytes()
    monkeypatch.setattr(mnist, "ARCHIVE_SHA256", hashlib.sha256(archive).hexdigest())
    with serving(archive) as (url, requests):
        monkeypatch.setattr(mnist, "URL", url)
        yield requests


def assert_small_mnist(loaded):
    (x_train, y_train), (x_test, y_test) = loaded
    arrays = dict(x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
    for name, array in small().items():
        assert np.array_equal(arrays[name], array), f"load_data: {name} is not the file's {name}"
    assert mnist.source == "MNIST", "load_data: mnist.source does not say MNIST"


def assert_stand_in(loaded):
    assert not np.any(loaded[0][0]) and mnist.source == "stand-in", (
        "load_data: something else than the stand-in was taken")


# Where the data come from

def test_named_file_is_read(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MNIST_NPZ", str(pack(tmp_path / "named.npz")))
    assert_small_mnist(mnist.load_data())
    assert capsys.readouterr().out == "Data: MNIST, 60,000 training and 10,000 test images\n"


def test_named_file_may_lie_under_the_home_folder(tmp_path, monkeypatch):
    pack(tmp_path / "named.npz")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))   # Windows
    monkeypatch.setenv("MNIST_NPZ", "~/named.npz")
    assert_small_mnist(mnist.load_data())


def test_named_file_comes_before_cache_and_download(tmp_path, cache, download, monkeypatch, capsys):
    pack(cache, y_test=np.zeros(3, np.uint8))
    monkeypatch.setenv("MNIST_NPZ", str(pack(tmp_path / "named.npz")))
    assert_small_mnist(mnist.load_data())
    assert not download, "load_data: it downloaded although MNIST_NPZ names a file"
    assert not capsys.readouterr().err, "load_data: it read the cache although MNIST_NPZ is set"


def test_bad_named_file_is_not_skipped_over(tmp_path, cache, download, monkeypatch):
    pack(cache)
    monkeypatch.setenv("MNIST_NPZ", str(tmp_path / "missing.npz"))
    with pytest.raises(mnist.BadData):
        mnist.load_data()


@pytest.mark.usefixtures("quick_stand_in")
def test_stand_in_that_is_asked_for_comes_before_cache_and_download(
        cache, download, monkeypatch, capsys):
    pack(cache)
    monkeypatch.setenv("MNIST_NPZ", "stand-in")
    assert_stand_in(mnist.load_data())
    assert "stand-in" in capsys.readouterr().out, "load_data: it does not say that it is no MNIST"


def test_cache_comes_before_download(cache, download):
    pack(cache)
    assert_small_mnist(mnist.load_data())
    assert not download, "load_data: it downloaded although Keras's cache has MNIST"


def test_empty_MNIST_NPZ_is_as_if_unset(cache, download, monkeypatch):
    pack(cache)
    monkeypatch.setenv("MNIST_NPZ", "")
    assert_small_mnist(mnist.load_data())


def test_download_is_cached(cache, download):
    assert_small_mnist(mnist.load_data())
    assert_small_mnist(mnist.load_data())
    assert len(download) == 1, "load_data: what it downloaded is not found the second time"


def test_keras_downloads_to_the_cache_that_is_searched(cache, download):
    # a process of its own, because Keras reads KERAS_HOME when it is first imported
    script = f"""if True:
        import mnist
        mnist.URL, mnist.ARCHIVE_SHA256 = {mnist.URL!r}, {mnist.ARCHIVE_SHA256!r}
        mnist.ARRAYS = {mnist.ARRAYS!r}
        mnist.load_data()
    """
    subprocess.run([sys.executable, "-c", script], cwd=CODE, check=True)
    assert cache.exists(), "load_data: Keras keeps its download elsewhere than mnist.py looks"


def test_damaged_cache_is_downloaded_again(cache, download, capsys):
    pack(cache, y_test=np.zeros(3, np.uint8))
    assert_small_mnist(mnist.load_data())
    assert "damaged" in capsys.readouterr().err, "load_data: it hid that the cache was damaged"


@pytest.mark.usefixtures("quick_stand_in", "no_network", "cache")
def test_stand_in_is_taken_without_a_network():
    assert_stand_in(mnist.load_data())


@pytest.mark.usefixtures("quick_stand_in", "no_network")
def test_stand_in_is_taken_with_a_notice_for_a_damaged_cache_without_a_network(cache, capsys):
    pack(cache, y_test=np.zeros(3, np.uint8))
    assert_stand_in(mnist.load_data())
    assert "damaged" in capsys.readouterr().err, "load_data: it hid that the cache was damaged"


@pytest.mark.usefixtures("quick_stand_in", "cache")
def test_download_with_another_checksum_is_refused(download, monkeypatch):
    monkeypatch.setattr(mnist, "ARCHIVE_SHA256", "0" * 64)
    assert_stand_in(mnist.load_data())
    assert download, "the server was not asked: this test tested nothing"


@pytest.mark.usefixtures("quick_stand_in", "cache")
def test_download_that_breaks_off_is_refused(monkeypatch):
    with serving(b"PK", length=1000) as (url, requests):
        monkeypatch.setattr(mnist, "URL", url)
        assert_stand_in(mnist.load_data())
    assert requests, "the server was not asked: this test tested nothing"


def test_asking_for_the_data_leaves_the_patience_with_other_servers_alone(cache, download):
    socket.setdefaulttimeout(60)
    try:
        mnist.load_data()
        assert socket.getdefaulttimeout() == 60, (
            "load_data: it changed when other connections time out")
    finally:
        socket.setdefaulttimeout(None)


# What is refused

def refused(path, monkeypatch):
    """Return why load_data refuses the file at `path`."""
    monkeypatch.setenv("MNIST_NPZ", str(path))
    try:
        mnist.load_data()
    except mnist.BadData as error:
        message = str(error)
        assert str(path) in message, f"the message does not name the file: {message}"
        assert "MNIST_NPZ" in message, f"the message does not say what to do: {message}"
        return message
    except Exception as error:
        pytest.fail(f"load_data: {type(error).__name__} ({error}) in place of BadData")
    pytest.fail("load_data: it took the file for MNIST")


@pytest.mark.parametrize("changed, cause", [
    ({"x_train": small()["x_train"].reshape(6, 784)}, "x_train is uint8 (6, 784)"),
    ({"y_test": small()["y_test"].reshape(3, 1)}, "y_test is uint8 (3, 1)"),
    ({"x_test": small()["x_test"].astype(np.int64)}, "x_test is int64"),
    ({"y_train": small()["y_train"].astype(float)}, "y_train is float64"),
    ({"x_test": small()["x_test"].view(np.int8)}, "x_test is int8"),
    ({"x_test": None}, "x_test"),
    ({"x_train": small()["x_train"][::-1]}, "x_train has the shape of MNIST's but other contents"),
    ({"y_train": small()["y_train"][::-1]}, "y_train has the shape of MNIST's but other contents"),
], ids=["shape of images", "shape of labels", "integers", "floats", "signed", "missing array",
        "order of images", "order of labels"])
def test_archive_of_other_arrays_is_refused(tmp_path, monkeypatch, changed, cause):
    assert cause in refused(pack(tmp_path / "other.npz", **changed), monkeypatch)


@pytest.mark.parametrize("name", ["x_train", "y_train", "x_test", "y_test"])
def test_one_changed_number_is_refused(tmp_path, monkeypatch, name):
    changed = small()[name]
    changed.flat[0] ^= 1
    message = refused(pack(tmp_path / "changed.npz", **{name: changed}), monkeypatch)
    assert f"{name} has the shape of MNIST's but other contents" in message


def test_test_images_in_the_place_of_training_images_are_refused(tmp_path, monkeypatch):
    arrays = small()
    path = pack(tmp_path / "exchanged.npz", x_train=arrays["x_test"], x_test=arrays["x_train"])
    assert "x_train is uint8 (3, 28, 28)" in refused(path, monkeypatch)


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.99])
def test_truncated_file_is_refused(tmp_path, monkeypatch, share):
    path = pack(tmp_path / "truncated.npz")
    path.write_bytes(path.read_bytes()[:int(share * path.stat().st_size)])
    assert "not a readable .npz archive" in refused(path, monkeypatch)


def member_of_an_archive(entry):
    """Return a function that writes an archive in which `entry` is the content of x_train."""
    def write(path):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("x_train.npy", entry)
    return write


def flag_every_member(offset, value):
    """Return a function that writes an archive with a byte changed in its table of contents."""
    def write(path):
        content = bytearray(pack(path).read_bytes())
        start = content.find(b"PK\x01\x02")
        while start >= 0:
            content[start + offset] = value
            start = content.find(b"PK\x01\x02", start + 1)
        path.write_bytes(content)
    return write


@pytest.mark.parametrize("write", [
    lambda path: path.write_text("<html>Sign in to the network</html>"),
    lambda path: path.write_bytes(pickle.dumps(small())),
    lambda path: path.write_bytes(b"PK\x03\x04" + bytes(100)),
    lambda path: path.write_bytes(b"\x93NUMPY\x01\x00\x38\x00{'descr': '|u1', 'fortran_order': "
                                  b"False, 'shape': (1,)}\n7"),
    member_of_an_archive(b""),
    member_of_an_archive(b"no array"),
    member_of_an_archive(b"\x93NUMPY\x01\x00\x02\x00{\n"),
    flag_every_member(6, 99),
    flag_every_member(8, 1),
    flag_every_member(10, 99),
], ids=["a page of a network portal", "a pickle", "only the start of a zip", "a single array",
        "an empty member", "a member that is no array", "a broken array header",
        "a future zip version", "an encrypted zip", "an unknown compression"])
def test_file_that_is_no_archive_of_arrays_is_refused(tmp_path, monkeypatch, write):
    path = tmp_path / "other.npz"
    write(path)
    refused(path, monkeypatch)


def test_missing_file_is_refused(tmp_path, monkeypatch):
    assert "no such file" in refused(tmp_path / "missing.npz", monkeypatch)


def test_directory_is_refused(tmp_path, monkeypatch):
    refused(tmp_path, monkeypatch)


class Payload:
    """Leaves a file behind when it is unpickled, as an attacker's code would."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return open, (str(self.marker), "w")


def test_code_in_a_file_is_refused_and_not_run(tmp_path, monkeypatch):
    marker = tmp_path / "marker"
    hostile = np.array([Payload(marker)], dtype=object)
    refused(pack(tmp_path / "hostile.npz", x_train=hostile), monkeypatch)
    assert not marker.exists(), "load_data: it ran code from the file: allow_pickle must stay off"


def test_code_in_a_pickle_is_refused_and_not_run(tmp_path, monkeypatch):
    marker = tmp_path / "marker"
    path = tmp_path / "hostile.npz"
    path.write_bytes(pickle.dumps(Payload(marker)))
    refused(path, monkeypatch)
    assert not marker.exists(), "load_data: it ran code from the file: allow_pickle must stay off"


def command_line(cwd, small_mnist=True, **environment):
    """Run `python mnist.py` in a folder, as one that takes the small arrays for MNIST."""
    lines = (CODE / "mnist.py").read_text(encoding="utf8").split("\nif __name__")
    if small_mnist:
        lines.insert(1, f"\nURL, ARCHIVE_SHA256, ARRAYS = {mnist.URL!r}, "
                        f"{mnist.ARCHIVE_SHA256!r}, {mnist.ARRAYS!r}\n")
    script = cwd / "mnist.py"
    script.write_text(lines[0] + "".join(lines[1:-1]) + "\nif __name__" + lines[-1],
                      encoding="utf8")
    return subprocess.run([sys.executable, script], text=True, capture_output=True, cwd=cwd,
                          env={**os.environ, **environment})


def test_command_line_prints_which_data_are_to_be_had_and_their_file(tmp_path, cache, download):
    folder = tmp_path / "a folder"
    pack(folder / "named.npz")
    for named in ["named.npz", "../a folder/named.npz", str(folder / "named.npz")]:
        assert command_line(folder, MNIST_NPZ=named).stdout == f"MNIST {folder / 'named.npz'}\n"
    downloaded = command_line(folder, MNIST_NPZ="")
    assert len(download) == 1, "the server was not asked: this test tested nothing"
    assert downloaded.stdout == f"MNIST {cache}\n", "mnist.py: more than the answer was printed"
    assert command_line(folder, MNIST_NPZ="").stdout == f"MNIST {cache}\n"
    assert command_line(folder, MNIST_NPZ="stand-in").stdout == "stand-in\n"
    missing = command_line(folder, MNIST_NPZ="missing.npz")
    assert missing.returncode != 0, "mnist.py: a missing file that was named goes unnoticed"
    assert not missing.stdout and "BadData: missing.npz: no such file" in (
        missing.stderr.splitlines()[-1])


# MNIST itself and the stand-in

@pytest.fixture(scope="module")
def stand_in():
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MNIST_NPZ", "stand-in")
        return mnist.load_data()


@pytest.fixture(params=["MNIST", "stand-in"])
def full(request, monkeypatch):
    """The data at full size, of each source that is to be had."""
    if request.param == "stand-in":
        return request.getfixturevalue("stand_in")
    if os.environ.get("MNIST_NPZ") == "stand-in":
        pytest.skip("MNIST itself is not to be had, or not asked for")
    monkeypatch.undo()   # the true shapes and checksums
    loaded = mnist.load_data()
    assert mnist.source == "MNIST"
    return loaded


def test_full_data_are_like_mnist(full):
    for (x, y), n, part in zip(full, [60000, 10000], ["training", "test"]):
        assert x.shape == (n, 28, 28) and y.shape == (n,), (
            f"load_data: the {part} data have the shapes {x.shape} and {y.shape}")
        assert x.dtype == y.dtype == np.uint8, f"load_data: the {part} data are not uint8"
        assert x.min() == 0 and x.max() == 255, f"load_data: {part} pixels do not span 0 to 255"
        assert set(y) == set(range(10)), f"load_data: a digit is missing from the {part} labels"


def test_digits_of_the_full_data_can_be_told_apart(full):
    (x_train, y_train), (x_test, y_test) = full
    means = np.array([x_train[y_train == digit].mean(axis=0) for digit in range(10)])
    distances = [((x_test[:500] - mean) ** 2).sum(axis=(1, 2)) for mean in means]
    accuracy = np.mean(np.argmin(distances, axis=0) == y_test[:500])
    assert accuracy > 0.6, (
        f"load_data: the nearest mean digit is right for {accuracy:.0%}, so labels do not fit")


def test_stand_in_is_the_same_every_time(stand_in, monkeypatch):
    monkeypatch.setenv("MNIST_NPZ", "stand-in")
    for part, again in zip(stand_in, mnist.load_data()):
        for array, other in zip(part, again):
            assert np.array_equal(array, other), "load_data: the stand-in differs from run to run"


def test_stand_in_keeps_the_originals_of_training_validation_and_test_images_apart(monkeypatch):
    numbers = np.arange(1797)
    originals = types.SimpleNamespace(images=numbers[:, None, None] * np.ones((8, 8)) * 16 / 255,
                                      target=numbers % 10)
    monkeypatch.setattr(sklearn.datasets, "load_digits", lambda: originals)
    monkeypatch.setattr(mnist, "_affine_copies",
                        lambda images, rng: images[:, 0, 0].round().astype(int))
    monkeypatch.setenv("MNIST_NPZ", "stand-in")
    (x_train, y_train), (x_test, y_test) = mnist.load_data()
    train, validation, test = map(set, (x_train[:55000], x_train[55000:], x_test))
    assert not (train | validation) & test, (
        "load_data: test images of the stand-in are variants of training images")
    assert not train & validation, (
        "load_data: validation images of the stand-in are variants of training images")
    assert len(train | validation) == 1437 and len(test) == 360
    assert len(x_train) == 60000 and len(x_test) == 10000
    assert np.array_equal(x_train % 10, y_train) and np.array_equal(x_test % 10, y_test), (
        "load_data: labels of the stand-in do not belong to their images")


class Drawn:
    """Stands for the random numbers of the affine copies: each one range, in the order of use."""

    def __init__(self, *, angle=0, shear=0, scale=(1, 1), shift=(0, 0)):
        self.values, self.ranges = [angle, shear, scale, shift], []

    def uniform(self, low, high, shape):
        self.ranges.append((low, high))
        return np.broadcast_to(self.values.pop(0), shape).astype(float)


def one_copy(image, **drawn):
    copy, = mnist._affine_copies(image[None] * 255, Drawn(**drawn))
    assert copy.shape == (28, 28) and copy.dtype == np.uint8
    return copy.astype(float)


def center(copy):
    """Return the mean row and column of the ink, and its spread along them."""
    share = copy / copy.sum()
    places = np.mgrid[:28, :28]
    mean = (places * share).sum(axis=(1, 2))
    return mean, np.sqrt(((places - mean[:, None, None]) ** 2 * share).sum(axis=(1, 2)))


FULL, LINE = np.ones((8, 8)), np.zeros((8, 8))
LINE[1:7, 3:5] = 1   # upright


def test_copy_fills_twenty_of_the_28_pixels():
    copy = one_copy(FULL)
    inside = np.flatnonzero(copy.max(axis=0) > 127)
    assert (inside[0], inside[-1]) == (4, 23)
    assert np.array_equal(copy, copy[::-1]) and np.array_equal(copy, copy.T)
    assert copy[14, 14] == 255 and copy[0, 14] == 0


@pytest.mark.parametrize("shift", [(2, 0), (0, -2), (1, 2)])
def test_copy_is_shifted(shift):
    mean, _ = center(one_copy(LINE, shift=shift))
    np.testing.assert_allclose(mean, np.add(13.5, shift), atol=0.05)


@pytest.mark.parametrize("scale", [(1.15, 0.85), (0.85, 1.15)])
def test_copy_is_stretched_along_each_axis(scale):
    (mean, spread), (_, before) = center(one_copy(LINE, scale=scale)), center(one_copy(LINE))
    np.testing.assert_allclose(mean, 13.5, atol=0.05)
    np.testing.assert_allclose(spread / before, scale, rtol=0.05)


def test_turned_copy_keeps_its_right_angles():
    for sign in (1, -1):
        upright, level = one_copy(LINE, angle=15 * sign), one_copy(LINE.T, angle=15 * sign)
        assert np.abs(upright - np.rot90(level)).max() <= 1


def slope(copy):
    """Return by how many columns the ink moves to the right from a row to the next."""
    rows, columns = np.mgrid[:28, :28] - 13.5
    return (rows * columns * copy).sum() / (rows ** 2 * copy).sum()


def test_copy_is_turned_and_sheared():
    assert slope(one_copy(LINE)) == pytest.approx(0, abs=0.01)
    for sign in (1, -1):
        turned, sheared = (slope(one_copy(LINE, **{way: sign * size}))
                           for way, size in [("angle", 15), ("shear", 0.15)])
        # a little less, for the line has a width
        assert abs(turned) == pytest.approx(np.tan(np.radians(15)), rel=0.2)
        assert sheared == pytest.approx(sign * 0.15, rel=0.2)


def test_stand_in_draws_from_the_ranges_that_the_design_gives():
    drawn = Drawn()
    mnist._affine_copies(FULL[None], drawn)
    assert drawn.ranges == [(-15, 15), (-0.15, 0.15), (0.85, 1.15), (-2, 2)]


def test_each_image_has_a_map_of_its_own():
    copies = mnist._affine_copies(np.stack([LINE, LINE, FULL]) * 255, np.random.default_rng(0))
    assert not np.array_equal(copies[0], copies[1])
    assert copies[2].sum() > 2 * copies[0].sum(), "the copies are not in the order of the images"
