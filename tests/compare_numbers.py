"""How what a lesson prints is compared with what is stored: text exactly, numbers within a tolerance.

Between processors the last digits of a sum differ, and trainings then part ways: an accuracy by some
hundredths, a mean over seeds by less, a count of parameters by nothing. How a number is written says
which it is. The tolerance comes from the stored number `v`:

| kind          | written                               | may differ by                               |
| ------------- | ------------------------------------- | ------------------------------------------- |
| count         | 23,860: no point, no percent          | nothing                                     |
| measurement   | 0.664, 43%, 16 points                 | 0.05 (5 points); a tenth of v beyond 1;     |
|               |                                       | never more than half of v and 0.01          |
| mean          | 0.785 +- 0.010 (or the sign for it)   | 0.02, or its interval if that is more       |
| interval      | the number after +-                   | half of v and 0.01                          |
| rounding      | 1.4e-05: below 0.001, with exponent   | whatever stays below about 0.001            |
| stated        | in a claim's sentence or bound and in | nothing                                     |
|               | the code of the cell                  |                                             |
| time          | 12 s, 0.35 ms, 3 minutes              | anything: it is no result                   |

A number with a sign is a gain or a loss. It may differ by half of itself at most, so that it does not
become none or the other, unless its own interval reaches zero, or it is zero but for the last digit.
A count of 0 or 1 may be a rounded measurement, if the other number is written as one.

A cell whose numbers scatter more has the tolerance (not relative) in its metadata: {"tolerance": 0.1}.
One that prints words which depend on the data, such as "not reached", has {"data": "MNIST"}.
The lessons' outputs are stored for MNIST. On the stand-in numbers may have any size,
and be infinite: a goal may be reached on MNIST alone.
"""

import os
import re
from decimal import Decimal
from itertools import zip_longest

from nbval.plugin import IPyNbCell

NUMBER = re.compile(r"""
    (?:(?<![\w.+)])[-+\N{MINUS SIGN}](?=\d))?    # no sign: the minus in 0.5-0.7, that of +-0.1
    (?<![\w.])(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)
    (?:\.\d+|\.(?=\s*[-\d\]]))?                  # NumPy writes [0. 1.]; elsewhere the dot ends a sentence
    (?:e[-+]?\d+)?
    (?!\d|\.\d)                                  # no number: a version, 2.21.0""", re.VERBOSE)
PLUS_MINUS = r"(?:\+-|\+/-|\N{PLUS-MINUS SIGN})"
PERCENT = r" ?(?:%|points?\b)"
TIME = r" ?(?:[mu\N{MICRO SIGN}]?s|min|seconds?|minutes?|hours?)\b"

# what the loader and a claim print on the stand-in, and what on MNIST
ON_STAND_IN = [("Data: a stand-in for MNIST, made from scikit-learn's digits", "Data: MNIST"),
               ("left open on the stand-in:", "holds:")]


def differences(stored, fresh, *, code="", tolerance=None, on_stand_in=False):
    """Return a message for each difference between two texts.

    code: the source of the cell that printed them. tolerance: that of the cell, instead of those by kind.
    """
    if on_stand_in:
        for there, here in ON_STAND_IN:
            stored, fresh = stored.replace(there, here), fresh.replace(there, here)
        stored, fresh = (re.sub(r"\binf\b", "999", text) for text in (stored, fresh))
    messages = []
    for old, new in zip_longest(stored.split("\n"), fresh.split("\n")):
        if old is None or new is None:
            messages.append(f"a line is new: {new}" if old is None else f"a line is missing: {old}")
        elif _text(old) != _text(new):
            messages.append(f"the text differs:\n  stored: {old}\n  now:    {new}")
        elif not on_stand_in:
            for number, other in zip(NUMBER.finditer(old), NUMBER.finditer(new)):
                kind, allowed = _kind(number, other, code)
                if tolerance is not None and kind != "time":
                    allowed = Decimal(str(tolerance)) * _unit(number)
                if abs(_value(other) - _value(number)) > allowed:
                    messages.append(f"a {kind} differs: stored {number[0]}, now {other[0]}, tolerance "
                                    f"{allowed.normalize():f}, in the line: {old.strip()}")
    return messages


def _text(line):
    """Return the line without its numbers and without the spaces that align them."""
    return re.sub(" *# *", "#", re.sub(" +", " ", NUMBER.sub("#", line))).strip(" ")


def _value(number):
    return Decimal(number[0].replace(",", "").replace("\N{MINUS SIGN}", "-"))


def _unit(number):
    """Return what 1 is in the number's unit: 100 for percent."""
    return 100 if re.match(PERCENT, number.string[number.end():]) else 1


def _kind(number, other, code):
    """Return a stored number's kind and how far the other may lie from it."""
    value, unit = _value(number), _unit(number)
    size = abs(value)
    before, after = number.string[:number.start()], number.string[number.end():]
    whole = [unit == 1 and not re.search(r"[.e]", each[0]) for each in (number, other)]
    if re.match(TIME, after):
        return "time", Decimal("inf")
    if ((", needs " in before or ", measured " in after)
            and value in map(_value, NUMBER.finditer(code))):
        return "stated number", Decimal(0)
    if all(whole) or whole[0] and size > 1:
        return "count", Decimal(0)
    half = size / 2 + unit * Decimal("0.01")
    if re.search(PLUS_MINUS + r"\s*$", before):
        return "interval", half
    if "e-" in number[0] and size < Decimal("0.001"):
        return "rounding", Decimal("0.001")
    spread = re.match(rf"(?:{PERCENT})?\s*{PLUS_MINUS}\s*", after)
    interval = NUMBER.match(after, spread.end()) if spread else None
    if interval:
        interval = _value(interval)
        kind, allowed = "mean", max(unit * Decimal("0.02"), interval)
    else:
        kind = "measurement"
        allowed = min(size / 10 if size > unit else unit * Decimal("0.05"), half)
    if number[0][0] in "+-\N{MINUS SIGN}" and size > (interval or 0):
        last_digit = Decimal(1).scaleb(value.as_tuple().exponent)
        kind, allowed = "gain", max(min(allowed, size / 2), last_digit)
    return kind, allowed


nbval_compares = IPyNbCell.compare_outputs


def compare_outputs(cell, fresh, stored, skip_compare=None):
    """Do the work of nbval's method of this name: compare texts as above, and all else as nbval does."""
    messages = []
    on_stand_in = os.environ["COURSE_DATA"] != "MNIST"
    of_mnist = cell.cell.metadata.get("data") == "MNIST"   # what it says in words is
    for new, old in zip(fresh, stored):
        if new.output_type == old.output_type == "stream" and new.name == old.name:
            texts = [(new, old, "text")]
        else:
            texts = [(new.data, old.data, kind) for kind in new.get("data", {})
                     if kind.startswith("text/") and kind in old.get("data", {})]
        for new, old, key in texts:
            if not (of_mnist and on_stand_in):
                messages += differences(old[key], new[key], code=cell.cell.source,
                                        tolerance=cell.cell.metadata.get("tolerance"), on_stand_in=on_stand_in)
            new[key] = old[key]   # said above, if they differ
    drawings = ("image/svg+xml",)   # like images of pixels, which nbval never compares
    same = nbval_compares(cell, fresh, stored, (skip_compare or cell.parent.skip_compare) + drawings)
    cell.comparison_traceback[:0] = messages
    return same and not messages
