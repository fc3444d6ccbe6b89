"""A drawn figure laid out anew for a phone: scaled down, its letters would be too small to read."""

from itertools import pairwise

from matplotlib.ticker import MaxNLocator

WIDTH = 3.5   # inches, of 96 pixels each: what a page on a phone has room for


def make_narrow(figure):
    """Stack the panels of a drawn figure, or draw fewer side by side, and legends in fewer columns."""
    legends = {legend: "lower" if legend.get_window_extent().y1 < figure.bbox.y1 / 2 else "upper"
               for legend in figure.legends}
    _arrange_panels(figure)
    for legend, place in legends.items():
        words = [text.get_text() for text in legend.get_texts()]
        for columns in range(min(3, len(words)), 0, -1):
            legend.remove()
            legend = figure.legend(legend.legend_handles, words, loc=f"outside {place} center",
                                   ncols=columns)
            if legend.get_window_extent().width < figure.bbox.width:
                break
    figure.draw_without_rendering()
    for axis in figure.axes:   # beside long names a panel may have little room for its labels
        label = axis.xaxis.label
        if label.get_window_extent().x1 > figure.bbox.x1:
            label.set(x=1, ha="right")
        if label.get_window_extent().x0 < figure.bbox.x0:
            label.set(text=label.get_text().replace(" (", "\n(", 1), ma="center")
        ticks = [tick for tick in axis.get_xticklabels() if tick.get_text()]
        boxes = [tick.get_window_extent() for tick in ticks]
        if any(after.x0 < before.x1 + 4 for before, after in pairwise(boxes)):
            if isinstance(axis.xaxis.get_major_locator(), MaxNLocator):
                axis.locator_params(axis="x", nbins=2)
            elif any(after.x0 < before.x1 for before, after in pairwise(boxes)):
                for tick in ticks:   # words, or numbers that were chosen
                    tick.set(rotation=40, ha="right", rotation_mode="anchor")


def _arrange_panels(figure):
    panels = {}
    for axis in figure.axes:
        if spec := axis.get_subplotspec():   # color bars have none: they follow their panels
            panels.setdefault((spec.rowspan.start, spec.colspan.start), []).append(axis)
            before = spec.get_gridspec()
    panels = [panels[place] for place in sorted(panels)]   # a panel, and its twin if it has one
    columns = _columns(before.ncols, images=bool(panels[0][0].images))
    rows = -(-len(panels) // columns)
    width, height = figure.get_size_inches()
    height *= rows / before.nrows
    if panels[0][0].get_aspect() != "auto":   # a panel is as high as it is wide
        height *= (WIDTH / columns) / (width / before.ncols)
    if rows > before.nrows:   # or a title is as near to the panel above as to its own, and reads as its label
        figure.get_layout_engine().set(h_pad=0.12)
        height += 0.16 * rows
    figure.set_size_inches(WIDTH, height)
    grid = figure.add_gridspec(rows, columns)
    for place, axes in enumerate(panels):
        for axis in axes:
            axis.set_subplotspec(grid[place // columns, place % columns])
    firsts = [axes[0] for axes in panels]
    last = len(firsts)
    _label([axis.xaxis for axis in firsts],
           [[other.xaxis for other in axis.get_shared_x_axes().get_siblings(axis)] for axis in firsts],
           [place + columns for place in range(last)], "labelbottom")
    _label([axis.yaxis for axis in firsts],
           [[other.yaxis for other in axis.get_shared_y_axes().get_siblings(axis)] for axis in firsts],
           [place - 1 if place % columns else last for place in range(last)], "labelleft")


def _columns(columns, images):
    """Return how many of as many panels as were side by side have room on a phone."""
    if images and columns <= 4:
        return columns
    return 1 if columns <= 3 else -(-columns // 2)


def _label(lines, alike, outside, ticks):
    """Label an axis line unless the panel outside of it has the same one.

    lines: of each panel. alike: for each, those that share its scale and its label. outside: for
    each, the number of the panel below it or to its left, if there is one.
    """
    labels = [max((line.get_label_text() for line in group), key=len) for group in alike]
    for line, group, number, label in zip(lines, alike, outside, labels):
        inner = number < len(lines) and lines[number] in group
        line.set_tick_params(**{ticks: not inner})
        line.set_label_text("" if inner else label)
