"""The figures that several lessons draw. Importing this module sets the style of them all."""

import re
from io import StringIO
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from matplotlib.colors import LinearSegmentedColormap, PowerNorm
from matplotlib.lines import Line2D
from matplotlib.ticker import LogFormatter, ScalarFormatter

import mnist
from methods import color, number
from narrow import make_narrow
from seeds import interval

plt.style.use(Path(__file__).with_name("course.mplstyle"))

# What is zero or blank in an image is transparent, and has the color of the page.
for name, colors in {
        "ink": [(0, (0, 0, 0, 0)), (1, (0, 0, 0, 1))],
        "signed": [(0, ("C0", 1)), (0.5, ("C0", 0)), (0.5, ("C1", 0)), (1, ("C1", 1))]}.items():
    matplotlib.colormaps.register(LinearSegmentedColormap.from_list(name, colors, N=65), force=True)


def show(description, metadata=None):
    """Show the current figure, with the words that stand for it where it cannot be seen.

    description: what the figure shows, for screen readers and for a notebook without its images.
    metadata: a dictionary to keep with the output. The figure as drawn for a phone is kept there
        too: the site shows it where the page is narrow.
    """
    figure = plt.gcf()
    for axis in figure.axes:
        for line in (axis.xaxis, axis.yaxis):
            if isinstance(line.get_major_formatter(), LogFormatter):
                line.set_major_formatter(_PowersOfTen())
                line.set_minor_formatter(_PowersOfTen())
            elif type(line.get_major_formatter()) is ScalarFormatter:
                line.set_major_formatter(_Thousands())
    wide = _svg(figure)
    make_narrow(figure)
    narrow = _svg(figure)
    plt.close(figure)
    display({"image/svg+xml": wide, "text/plain": description}, raw=True,
            metadata={"narrow": narrow, **(metadata or {})})


def _svg(figure):
    drawn = StringIO()
    figure.savefig(drawn, format="svg", metadata={"Date": None})   # equal figures, equal texts
    return drawn.getvalue()


class _Thousands(ScalarFormatter):
    """Matplotlib's own labels with commas: 60,000."""

    def __call__(self, x, pos=None):
        whole, point, decimals = super().__call__(x, pos).partition(".")
        return re.sub(r"\B(?=(\d{3})+$)", ",", whole) + point + decimals


class _PowersOfTen(LogFormatter):
    """Labels of a logarithmic axis in one size: Matplotlib's own exponents are too small to read."""

    def __call__(self, x, pos=None):
        if not super().__call__(x, pos):   # not every tick has a label
            return ""
        if x == 0 or 1e-4 < abs(x) < 1e6:
            return f"{x:,.15g}"
        sign, power = "-" if x < 0 else "", str(round(np.log10(abs(x))))
        return sign + "10" + power.translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def evidence(runs, description, *, reference=None, lecture=None,
             quantity="test accuracy (fraction correct)"):
    """Draw every run of each method and, beside it, the gain over a reference, seed by seed.

    runs: a dictionary by method of (R,) arrays, one number a seed, of the same seeds in all.
    reference: the method that the others are compared with; without it there is no right panel.
    lecture: a dictionary by method of what the lecture printed, where it did.
    quantity: what the numbers are, with their unit.

    A bar is the 95% confidence interval of the mean (Student's t). The numbers are kept with the
    output, for the page of results. Raises ValueError where runs cannot be paired.
    """
    gains, lecture = _gains(runs, reference), lecture or {}
    if not set(lecture) <= set(runs):
        raise ValueError(f"lecture has {sorted(set(lecture) - set(runs))}, which runs has not")
    figure, axes = plt.subplots(1, 2 if gains else 1, figsize=(7, 1.3 + 0.36 * len(runs)),
                                sharey=True, squeeze=False)
    for axis, rows in zip(axes.flat, [runs, gains]):
        for row, name in enumerate(runs):
            if name in rows:
                mean, half = interval(rows[name])
                # a seed has one height in a row, on the left and on the right
                heights = row - 0.12 + np.linspace(-0.14, 0.14, len(rows[name]))
                axis.plot(rows[name], heights, "o", color=color(name), alpha=0.85, markersize=4,
                          markeredgewidth=0, label="one seed")
                axis.errorbar(mean, row + 0.22, xerr=half, fmt="|", color="black", capsize=3,
                              linewidth=1.4, label="mean, 95% interval")
    for row, name in enumerate(runs):
        if name in lecture:
            axes[0, 0].plot(lecture[name], row, "x", color="black", markersize=8,
                            markeredgewidth=2, label="the lecture")
    axes[0, 0].set(xlabel=quantity, yticks=range(len(runs)), yticklabels=list(runs),
                   ylim=(len(runs) - 0.45, -0.55))
    if gains:
        axes[0, 1].axvline(0, color="0.4", linestyle="-", linewidth=1)
        axes[0, 1].set_xlabel("gain, same seed")
        low, high = axes[0, 1].get_xlim()
        side = "left" if high > -low else "right"   # of the word, which stands where there is room
        axes[0, 1].annotate("reference", (0, list(runs).index(reference)), fontsize="small",
                            xytext=(4 if side == "left" else -4, 0), textcoords="offset points",
                            ha=side, va="center")
    for axis in axes.flat:
        axis.locator_params(axis="x", nbins=4)   # decimals and signs take room
    entries = dict(zip(*reversed(axes[0, 0].get_legend_handles_labels())))   # each once
    entries |= {"one seed": Line2D([], [], linestyle="", marker="o", color="0.45", markersize=4),
                "mean, 95% interval": Line2D([], [], color="black", marker="|", linewidth=1.4)}
    figure.legend(entries.values(), entries.keys(), loc="outside upper center", ncols=3)
    show(description, {"evidence": {
        "quantity": quantity, "reference": reference, "lecture": lecture, "data": mnist.source,
        # a list, because notebooks are stored with the keys of a dictionary in the alphabet's order
        "runs": [[name, np.asarray(values).tolist()] for name, values in runs.items()]}})


def evidence_table(runs, reference=None):
    """Print mean and standard deviation of each method, and its gain over the reference.

    runs, reference: as for `evidence`. The gain is paired by seed, with half the width of its 95%
    confidence interval.
    """
    gains, width = _gains(runs, reference), max(map(len, runs))
    print(" " * width + "   mean  +- sd"
          + ("       gain  +- half of the 95% interval" if gains else ""))
    for name, values in runs.items():
        line = f"{name:{width}}  {np.mean(values):.3f} +- {np.std(values, ddof=1):.3f}"
        if name in gains:
            mean, half = interval(gains[name])
            line += f"  {mean:+.3f} +- {half:.3f}"
        print(line)


def _gains(runs, reference):
    """Return the differences from the reference by name, its own left out; none without one."""
    sizes = {name: np.shape(values) for name, values in runs.items()}
    if len(set(sizes.values())) != 1 or len(size := next(iter(sizes.values()))) != 1 or size[0] < 2:
        raise ValueError("each method needs a number for each of the same seeds, two or more: "
                         f"{sizes}")
    if reference is None:
        return {}
    if reference not in runs:
        raise ValueError(f"the reference is {reference!r}, which is none of {list(runs)}")
    return {name: np.asarray(values) - runs[reference] for name, values in runs.items()
            if name != reference}


def learning_curves(histories, description, *, every=1, heldout="test"):
    """Draw accuracy and cost against epochs: training solid, images held out dashed.

    histories: one Keras `History`, or a dictionary of them by method, a color each.
    every: the `validation_freq` that they were trained with.
    heldout: what the `validation_data` were, "test" or "validation" images.

    Raises ValueError if a history has not as many held-out values as `every` makes.
    """
    if not isinstance(histories, dict):
        histories = {"": histories}
    figure, axes = plt.subplots(1, 2)
    colors, seen = _different_colors(histories), False
    for name, history in histories.items():
        values = history.history
        for axis, quantity in zip(axes, ["accuracy", "loss"]):
            epochs = np.arange(1, len(values[quantity]) + 1)
            axis.plot(epochs, values[quantity], "-", color=colors[name])
            if f"val_{quantity}" in values:
                seen, evaluated = True, epochs[every - 1::every]
                if len(evaluated) != len(values[f"val_{quantity}"]):
                    raise ValueError(f"{len(values[f'val_{quantity}'])} held-out values in "
                                     f"{len(epochs)} epochs: every is the validation_freq of fit")
                axis.plot(evaluated, values[f"val_{quantity}"], "--", color=colors[name])
    axes[0].set(xlabel="epoch", ylabel="accuracy (fraction correct)", ylim=(0, 1.02))
    axes[1].set(xlabel="epoch", ylabel="cost")
    axes[1].set_ylim(bottom=0)
    names = [Line2D([], [], color=colors[name], linewidth=5, label=name)
             for name in histories if name]
    ink = "black" if names else colors[""]
    parts = [Line2D([], [], color=ink, linestyle=line, label=part)
             for line, part in [("-", "training"), ("--", heldout)][:1 + seen]]
    # outside, where it covers no curve
    figure.legend(handles=names + parts, loc="outside upper center",
                  ncols=min(5, len(names + parts)))
    show(description)


def _different_colors(names):
    """Return the methods' colors by name; names that have none of their own take what is left."""
    known = {name: color(name) for name in names if number(name) is not None}
    left = (f"C{n}" for n in range(7) if f"C{n}" not in known.values())
    return {name: known.get(name) or next(left) for name in names}


def digits(images, titles, description, *, columns=10):
    """Draw (n, 28, 28) or (n, 784) images in a grid, each under its title."""
    rows = -(-len(images) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(7, 0.25 + 0.85 * rows), squeeze=False)
    for axis in axes.flat:
        axis.set_axis_off()
    for axis, image, title in zip(axes.flat, images, titles):
        axis.imshow(np.reshape(image, (28, 28)))
        axis.set_title(title, fontsize="small")
    show(description)


def weights(models, description, *, units=8):
    """Draw the weights into the first hidden units of each named model as 28x28 images.

    Blue is negative, blank zero, orange positive. All rows, one a model, share a color scale, so
    that they can be compared.
    """
    kernels = {name: model.get_layer("hidden").kernel.numpy()[:, :units]
               for name, model in models.items()}
    limit = max(np.abs(kernel).max() for kernel in kernels.values())
    figure, axes = plt.subplots(len(models), units, figsize=(7, 0.4 + 0.8 * len(models)),
                                squeeze=False)
    for row, (name, kernel) in zip(axes, kernels.items()):
        for axis, weight in zip(row, kernel.T):
            image = axis.imshow(weight.reshape(28, 28), cmap="signed", vmin=-limit, vmax=limit)
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set(visible=True, color="0.5")
        row[0].set_ylabel(name)
    figure.colorbar(image, ax=axes, label="weight", shrink=0.9)
    show(description)


def confusion(labels, predicted, description):
    """Draw how often each true digit (row) was taken for each digit (column), in percent.

    labels, predicted: (n,) integers from 0 to 9.
    """
    from sklearn.metrics import confusion_matrix   # takes a second

    percent = 100 * confusion_matrix(labels, predicted, labels=range(10), normalize="true")
    figure, axis = plt.subplots(figsize=(5.2, 4.4), layout="compressed")
    axis.grid(False)
    shades = LinearSegmentedColormap.from_list("", [("C0", 0), ("C0", 1)])
    # most errors are shares below ten percent, which a linear scale would leave alike
    drawn = axis.pcolormesh(range(10), range(10), percent, cmap=shades,
                            norm=PowerNorm(0.4, vmin=0, vmax=100))
    for (row, column), share in np.ndenumerate(percent.round()):
        if share:   # without zeros the errors stand out
            axis.text(column, row, f"{share:.0f}", color="white" if share > 50 else "black",
                      ha="center", va="center", fontsize="small")
    axis.set(xlabel="predicted digit", ylabel="true digit", xticks=range(10), yticks=range(10),
             aspect="equal", ylim=(9.5, -0.5))
    figure.colorbar(drawn, label="share of the true digit (%)", ticks=[0, 1, 5, 10, 25, 50, 100])
    show(description)


def saturation(outputs, description):
    """Draw how the hidden outputs of each network are distributed, all images and units together.

    outputs: a dictionary by network of (n, units) outputs, as `lecture.hidden` returns them.
    """
    columns = len(outputs) if len(outputs) <= 3 else 2
    rows = -(-len(outputs) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(7, 0.5 + 2 * rows), sharex=True,
                                sharey=True, squeeze=False)
    for axis in axes.flat[len(outputs):]:
        axis.set_axis_off()
    low = 0 if min(map(np.min, outputs.values())) >= 0 else -1   # sigmoids or tanh
    for axis, (name, values) in zip(axes.flat, outputs.items()):
        values = np.ravel(values)
        axis.hist(values, bins=np.linspace(low, 1, 51), color="C0",
                  weights=np.full(values.size, 100 / values.size))
        axis.set_title(name)
    figure.supxlabel("hidden output")
    figure.supylabel("share of all outputs (%)")
    show(description)
