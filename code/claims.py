"""Check the sentences that a lesson concludes with."""

import math

import numpy as np
from IPython.display import display

import mnist


class ClaimFailed(AssertionError):
    """A sentence of the lesson that the measurement beside it contradicts."""


def claim(sentence, measured, *, at_least=None, at_most=None, equals=None, tolerance=None,
          data="any", lecture=None, agrees=True):
    """Print whether `sentence` holds, keep the measurement for later, and raise if it does not.

    sentence: one that can be read alone, on the page of results too.
    measured: the number that the sentence is about.
    at_least, at_most: the bound, one or both, in the unit of `measured`.
    equals: in their place, the number that it must be, exactly or within `tolerance`.
        The bound says what the sentence says; take it from the spread over seeds, never from
        one run.
    data: "MNIST" for a sentence that is about MNIST alone: on the stand-in it is left open.
    lecture: what the lecture printed or says of this, in a few words, for the page of results.
    agrees: whether the sentence bears the lecture out; False where it corrects it.

    Raises ClaimFailed, naming the sentence, the measurement and the bound, which stops the build;
    ValueError for a call that could not be judged.
    """
    measured = _number("measured", measured)
    bounds = {"at_least": at_least, "at_most": at_most, "equals": equals, "tolerance": tolerance}
    bounds = {name: value if value is None else _number(name, value)
              for name, value in bounds.items()}
    _check_call(sentence, data, **bounds)

    holds = _holds(measured, **bounds)
    shown, needs = _words(measured, holds, bounds)
    report = f"{sentence}, measured {shown}, needs {needs}"
    left_open = data == "MNIST" and mnist.source != "MNIST" and not math.isnan(measured)
    if not holds and not left_open:
        raise ClaimFailed(f"does not hold: {report}")
    verdict = "left open on the stand-in" if left_open else "holds"
    # notebooks are JSON, which has no infinity
    number = measured if math.isfinite(measured) else None
    record = {"sentence": sentence, "measured": number, **bounds, "data": mnist.source,
              "lecture": lecture, "agrees": agrees if lecture else None,
              "verdict": verdict, "shown": shown, "needs": needs}
    # The record rides in the output's metadata: it is cached and stored with the page itself.
    display({"text/plain": f"{verdict}: {report}"}, raw=True, metadata={"claim": record})


def _number(name, value):
    """Return `value` as Python's int or float."""
    array = np.asarray(value)
    if array.shape or array.dtype.kind not in "iuf":
        raise ValueError(f"claim: {name} must be one number, not {value!r}; "
                         "of a yes or no, give the number that decides it")
    return array.item()


def _check_call(sentence, data, at_least, at_most, equals, tolerance):
    def refuse(advice):
        raise ValueError(f"claim: {advice}: {sentence!r}")

    if not sentence.strip():
        refuse("the sentence is empty; say what the measurement shows")
    if data not in ("any", "MNIST"):
        refuse(f'data is "any" or "MNIST", not {data!r}')
    if data == "MNIST" and mnist.source is None:
        refuse("load the data first, or it is not known whether they are MNIST")
    if equals is None and at_least is None and at_most is None:
        refuse("give a bound, at_least, at_most or equals")
    if equals is not None and not (at_least is None and at_most is None):
        refuse("give either equals or at_least and at_most")
    if tolerance is not None and equals is None:
        refuse("tolerance belongs to equals; give both")
    if tolerance is not None and tolerance < 0:
        refuse("tolerance is a distance; give one of at least 0")
    if at_least is not None and at_most is not None and at_least > at_most:
        refuse(f"nothing is at least {at_least} and at most {at_most}; exchange them")


def _holds(measured, at_least, at_most, equals, tolerance):
    if equals is None:
        return ((at_least is None or measured >= at_least)
                and (at_most is None or measured <= at_most))
    if tolerance is None:
        return measured == equals
    # with room for rounding, or 0.9 would not be within 0.3 of 0.6
    return abs(measured - equals) <= tolerance * (1 + 1e-9)


def _words(measured, holds, bounds):
    """Return `measured` and what it needs as text, with digits enough to see whether it holds."""
    for digits in range(3, 18):
        shown = _text(measured, digits)
        if isinstance(measured, float) and shown.replace(",", "").lstrip("-").isdigit():
            shown += ".0"   # a measurement, which may differ between processors; a count may not
        # of the bounds a digit more, for those of four digits are written so in the lesson
        texts = {name: value if value is None else _text(value, digits + 1)
                 for name, value in bounds.items()}
        read = {name: text if text is None else float(text.replace(",", ""))
                for name, text in texts.items()}
        if _holds(float(shown.replace(",", "")), **read) == holds:
            break
    if texts["equals"]:
        within = f" within {texts['tolerance']}" if texts["tolerance"] else ""
        return shown, texts["equals"] + within
    if texts["at_least"] and texts["at_most"]:
        return shown, f"{texts['at_least']} to {texts['at_most']}"
    return shown, (f"at least {texts['at_least']}" if texts["at_least"]
                   else f"at most {texts['at_most']}")


def _text(number, digits):
    """Return an int in full, a float with `digits` significant digits or to the first decimal."""
    if isinstance(number, int) or not math.isfinite(number) or digits > 15:
        return f"{number:,}"
    return f"{number:,.{max(digits, len(str(abs(int(number)))) + 1)}g}"
