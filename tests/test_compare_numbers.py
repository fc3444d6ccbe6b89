"""What may differ in what a lesson prints, and what may not."""

from types import SimpleNamespace

import nbformat
import pytest

import compare_numbers
from compare_numbers import differences

AGREE = {
    "an accuracy": ("training 0.870, test 0.664", "training 0.881, test 0.67"),
    "a gain": ("L2 0.001   +0.158 +- 0.013", "L2 0.001   +0.161 +- 0.015"),
    "no gain": ("L2 1e-05  -0.004 +- 0.021", "L2 1e-05  +0.008 +- 0.019"),
    "zero but for its last digit": ("gap +0.001", "gap +0.000"),
    "a mean of large numbers": ("z: 118.3 +- 9.5", "z: 112.0 +- 12.1"),
    "a mean with a plus-minus sign": ("0.785 \N{PLUS-MINUS SIGN} 0.010", "0.77 \N{PLUS-MINUS SIGN} 0.013"),
    "a percentage": ("says it harms 26.8%", "says it harms 31.0%"),
    "a standard deviation": ("standard deviation of z: 118.3", "standard deviation of z: 121.9"),
    "an error of rounding": ("measured 1.4e-05, needs at most 0.01", "measured 9e-06, needs at most 0.01"),
    "a rounded measurement": ("measured 1, needs", "measured 0.998, needs"),
    "spaces that align": ("test:      0.998\n[ 0.1 -0.12]", "test:    0.9999\n[0.1 -0.1]"),
    "an array": ("[1. 0.5 0.]", "[0.98 0.52 0.]"),
    "a time": ("trained in 12 s", "trained in 3.5 s"),
    "a bound computed from the spread": ("needs 0.73 to 0.93", "needs 0.75 to 0.92"),
}

DIFFER = {
    "a gain that becomes almost none": ("L2 +0.158 +- 0.013", "L2 +0.001 +- 0.013"),
    "a gain that becomes small": ("L2 +0.158", "L2 +0.01"),
    "a gain that becomes a loss": ("gap +0.020", "gap -0.005"),
    "a small gain that becomes none": ("+0.030", "+0.012"),
    "a small loss that becomes none": ("-0.030", "-0.012"),
    "a loss without its sign": ("gain -0.083", "gain 0.083"),
    "a count": ("in all   23,860 parameters", "in all   23,861 parameters"),
    "a count with decimals": ("23,860 parameters", "23,860.5 parameters"),
    "a shape": ("(500, 784)", "(500, 785)"),
    "a count at a sentence's end": ("Epochs: 30. Done", "Epochs: 31. Done"),
    "an accuracy": ("test 0.664", "test 0.720"),
    "a percentage": ("harms 26.8%", "harms 33.0%"),
    "a mean": ("test 0.785 +- 0.010", "test 0.745 +- 0.010"),
    "a mean without a space": ("test 0.785 +-0.010", "test 0.745 +-0.010"),
    "an interval": ("test 0.785 +- 0.010", "test 0.785 +- 0.040"),
    "a large number": ("z 118.3", "z 156.0"),
    "an error of rounding": ("measured 1.4e-05, needs", "measured 0.005, needs"),
    "an array": ("[1. 0. 1.]", "[1. 1. 1.]"),
    "a word": ("test 0.664", "tests 0.664"),
    "a version": ("TensorFlow 2.21.0", "TensorFlow 2.20.0"),
    "a verdict": ("holds: better, measured 0.2", "left open on the stand-in: better, measured 0.2"),
    "a missing number": ("test 0.664", "test"),
    "no number": ("test 0.664", "test nan"),
    "infinity": ("test 0.664", "test inf"),
    "a missing line": ("test 0.664\ntrain 0.8", "test 0.664"),
    "a new line": ("test 0.664", "test 0.664\n0.7"),
    "a lost percent sign": ("43%", "43"),
}


@pytest.mark.parametrize("stored, fresh", AGREE.values(), ids=AGREE)
def test_what_may_differ_between_processors_agrees(stored, fresh):
    assert differences(stored, fresh) == []


@pytest.mark.parametrize("stored, fresh", DIFFER.values(), ids=DIFFER)
def test_what_may_not_differ_is_told(stored, fresh):
    assert differences(stored, fresh)


def test_the_message_has_both_numbers_the_tolerance_and_the_line():
    message, = differences("a line\nL2   +0.158 +- 0.013", "a line\nL2   +0.010 +- 0.013")
    assert message == ("a gain differs: stored +0.158, now +0.010, tolerance 0.02, "
                       "in the line: L2   +0.158 +- 0.013")


def test_a_bound_that_the_code_states_is_exact():
    stored, fresh = "x, measured 0.8, needs at least 0.7", "x, measured 0.78, needs at least 0.69"
    message, = differences(stored, fresh, code="claims.claim('x', x, at_least=0.70)")
    assert "a stated number differs: stored 0.7, now 0.69" in message
    assert differences(stored, fresh, code="claims.claim('x', x, at_least=mean - error)") == []


def test_a_number_in_a_sentence_is_exact():
    stored, fresh = "L2 with 0.01 helps, measured 0.8, needs 1", "L2 with 0.02 helps, measured 0.8, needs 1"
    assert differences(stored, fresh, code="claims.claim('L2 with 0.01 helps', x, at_least=1)")


def test_a_cell_may_have_a_tolerance_of_its_own():
    assert differences("gain -0.020", "gain +0.070", tolerance=0.1) == []
    assert differences("best epoch: 23", "best epoch: 28", tolerance=5) == []
    assert differences("10%", "19%", tolerance=0.1) == []
    assert differences("0.1353", "0.1363", tolerance=0.0005), "it may also be narrower"
    assert differences("gain 0.02", "gain 0.13", tolerance=0.1)


def test_on_the_stand_in_structure_is_compared():
    stored = "Data: MNIST, 60,000 images\nholds: better, measured 0.2, needs at least 0.1\n"
    fresh = ("Data: a stand-in for MNIST, made from scikit-learn's digits, 60,000 images\n"
             "left open on the stand-in: better, measured -0.4, needs at least 0.1\n")
    assert differences(stored, fresh, on_stand_in=True) == []
    assert len(differences(stored, fresh)) == 2
    assert differences(stored, fresh.replace("better", "worse"), on_stand_in=True)
    assert differences(stored, fresh.replace("-0.4", "nan"), on_stand_in=True)
    assert differences(stored, fresh.replace("-0.4", "inf"), on_stand_in=True) == []
    assert differences(stored, stored.replace("0.2", "inf"))
    assert differences(stored, fresh.replace("-0.4", ""), on_stand_in=True)


@pytest.mark.parametrize("data, of_cell, same", [
    ("MNIST", "MNIST", False), ("stand-in", "MNIST", True), ("stand-in", None, False)])
def test_a_cell_may_say_in_words_what_holds_on_mnist_alone(monkeypatch, data, of_cell, same):
    monkeypatch.setenv("COURSE_DATA", data)
    monkeypatch.setattr(compare_numbers, "nbval_compares", lambda *arguments: True)
    cell = SimpleNamespace(cell=SimpleNamespace(source="", metadata={"data": of_cell}),
                           parent=SimpleNamespace(skip_compare=()), comparison_traceback=[])
    stored, fresh = ([nbformat.v4.new_output("stream", text=text)] for text in ("12 epochs", "not reached"))
    assert compare_numbers.compare_outputs(cell, fresh, stored) == same
