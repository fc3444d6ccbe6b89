"""One color for each method, throughout the course: in its figures, and beside its name in the text."""

import re

# What a name begins a word with, and the color's number in course.mplstyle. The first that a name has
# counts. Two methods have one color only where no figure shows both.
COLORS = {
    "control, units": 2, "dropout on units": 2,
    "control, pixels": 3, "dropout on pixels": 3,
    "batch norm": 3, "layer norm": 5, "after (model6)": 3, "after tanh": 3,
    "before": 5, "once": 4,
    "dropout": 2, "L2": 1, "small start": 5, "moved copies": 5,
    "gradient descent": 0, "momentum": 1, "Nesterov": 3, "RMSprop": 2, "Adam": 4,
    "conjugate gradients": 1, "L-BFGS": 6, "BFGS": 0, "DFP": 4, "Newton": 3,
    "Levenberg-Marquardt": 2,
    "squared error": 0, "cross-entropy": 2, "binary": 2, "categorical": 2,
    "sigmoids, as tanh": 0, "leaky": 3, "ReLU": 4, "tanh": 1, "sigmoid": 0, "softmax": 3,
    "black on white": 6, "centered": 1, "standardized": 2, "whitened": 3,
    "convolutional": 2, "dense": 0,
    "not clipped": 0, "clipped": 2,
    "pixels / 255": 4, "control": 6, "plain": 0, "raw": 0, "none": 0,
}


def number(name):
    """Return the number of the color of the method that `name` names; None for other names."""
    return next((number for words, number in COLORS.items()
                 if re.search(rf"\b{re.escape(words)}", name, re.IGNORECASE)), None)


def color(name):
    """Return the color of a method in Matplotlib's words, as "C1"; gray for other names."""
    return "0.45" if number(name) is None else f"C{number(name)}"
