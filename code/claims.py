"""Check the sentences that a lesson concludes with."""

from IPython.display import display

import mnist


class ClaimFailed(AssertionError):
    """A sentence of the lesson that the measurement beside it contradicts."""


def claim(sentence, measured, *, at_least=None, at_most=None, data="any", lecture=None):
    """Print whether `sentence` holds, keep the measurement for later, and raise if it does not.

    measured: the number that the sentence is about.
    at_least, at_most: the bound, one or both, in the unit of `measured`; take it from the spread
        over seeds, never from one run.
    data: "MNIST" for a sentence that is about MNIST alone: on the stand-in it is left open.
    lecture: the figure that the lecture printed, if it has one, for the page of results.

    Raises ClaimFailed, naming the sentence, the measurement and the bound, which stops the build.
    """
    if at_least is None and at_most is None:
        raise ValueError(f"claim needs a bound, at_least or at_most: {sentence!r}")
    needs = " and ".join(f"at {word} {bound:,}" for word, bound
                         in [("least", at_least), ("most", at_most)] if bound is not None)
    shown = f"{measured:,}" if isinstance(measured, int) else f"{measured:.3g}"
    report = f"{sentence}, measured {shown}, needs {needs}"
    on_stand_in = data == "MNIST" and mnist.source != "MNIST"
    holds = ((at_least is None or measured >= at_least)
             and (at_most is None or measured <= at_most))
    if not holds and not on_stand_in:
        raise ClaimFailed(f"does not hold: {report}")
    verdict = "left open on the stand-in" if on_stand_in else "holds"
    record = {"sentence": sentence, "measured": float(measured), "at_least": at_least,
              "at_most": at_most, "data": mnist.source, "lecture": lecture, "verdict": verdict,
              "shown": shown, "needs": needs}
    # The record rides in the output's metadata: it is cached and stored with the page itself.
    display({"text/plain": f"{verdict}: {report}"}, raw=True, metadata={"claim": record})
