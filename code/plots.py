"""The figures that several lessons draw. Importing this module sets the style of them all."""

from io import BytesIO
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display

plt.style.use(Path(__file__).with_name("course.mplstyle"))


def show(description):
    """Show the current figure, with the words that stand for it where it cannot be seen.

    description: what the figure shows, for screen readers and for a notebook without its images.
    """
    png = BytesIO()
    plt.savefig(png, format="png")
    plt.close()
    display({"image/png": png.getvalue(), "text/plain": description}, raw=True)


def learning_curves(histories, description, *, every=1):
    """Draw accuracy and cost against epochs, training beside test.

    histories: one Keras `History`, or a dictionary of them by name.
    every: the `validation_freq` that they were trained with.
    """
    if not isinstance(histories, dict):
        histories = {"": histories}
    figure, axes = plt.subplots(1, 2)
    for color, (name, history) in enumerate(histories.items()):
        for axis, quantity in zip(axes, ["accuracy", "loss"]):
            for style, part, prefix in [("-", "training", ""), ("--", "test", "val_")]:
                values = history.history.get(prefix + quantity, [])
                step = every if prefix else 1
                epochs = np.arange(1, len(values) + 1) * step
                label = f"{name}, {part}" if name else part
                shade = f"C{color}" if name else ("C1" if prefix else "C0")
                axis.plot(epochs, values, style, color=shade, label=label)
    axes[0].set(xlabel="epoch", ylabel="accuracy (fraction correct)", ylim=(0, 1))
    axes[1].set(xlabel="epoch", ylabel="cost")
    axes[1].set_ylim(bottom=0)
    axes[0].legend()
    show(description)


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

    Each row, one model, has a color scale of its own: blue is negative, red positive.
    """
    figure, axes = plt.subplots(len(models), units, figsize=(7, 0.4 + 0.95 * len(models)),
                                squeeze=False)
    for row, (name, model) in zip(axes, models.items()):
        kernel = model.get_layer("hidden").kernel.numpy()
        limit = np.abs(kernel[:, :units]).max()
        for unit, axis in enumerate(row):
            image = axis.imshow(kernel[:, unit].reshape(28, 28), cmap="RdBu_r", vmin=-limit,
                                vmax=limit)
            axis.set(xticks=[], yticks=[])
            axis.grid(False)
        row[0].set_ylabel(name)
        figure.colorbar(image, ax=row, label="weight", shrink=0.9)
    show(description)


def confusion(labels, predicted, description):
    """Draw how often each true digit (row) was taken for each digit (column), in percent.

    labels, predicted: (n,) integers from 0 to 9.
    """
    counts = np.zeros((10, 10))
    np.add.at(counts, (labels, predicted), 1)
    percent = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure, axis = plt.subplots(figsize=(5.2, 4.4))
    image = axis.imshow(percent, cmap="Blues", vmin=0, vmax=100)
    for row, column in np.ndindex(10, 10):
        if percent[row, column] >= 1:
            axis.text(column, row, f"{percent[row, column]:.0f}", ha="center", va="center",
                      fontsize="small", color="white" if percent[row, column] > 50 else "black")
    axis.set(xlabel="predicted digit", ylabel="true digit", xticks=range(10), yticks=range(10))
    axis.grid(False)
    figure.colorbar(image, label="share of the true digit (%)")
    show(description)
