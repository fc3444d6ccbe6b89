"""Tables that lessons print, shown as tables, which fit a phone and have heads that can be heard.

A printed table is a block of lines whose numbers stand under one another. Lines above it are its
head, where their words stand over the numbers, or its caption. What is no table stays as it was
printed, and the notebook keeps the text of all.
"""

import html
import re
from itertools import groupby
from typing import NamedTuple

from docutils import nodes

from typesetting import typeset

NUMBER = re.compile(r"[-+]?(?:\d[\d,]*(?:\.\d*)?(?:e[-+]?\d+)?%?|nan|inf)(?![\w.:])")
WORD = re.compile(r"[^\W\d_]+")
NAMELESS = re.compile(r"[^,\s]  +[-+]?\d")   # a name that ends in a column of numbers is none
ALIGNED = re.compile(r"\S  |^ ", re.MULTILINE)   # by blanks, as columns and the rows of arrays are
RESULT = re.compile(r"^Data: |\.\d\d+$")   # lines that say what came out, and name nothing below


class Table(NamedTuple):
    """A caption or "", rows of a head as (words, how many columns they span), and rows of cells."""

    caption: str
    head: list
    rows: list


def read(text):
    """Return the parts of a printed text in their order: tables, and strings for what is none."""
    parts, kept = [], []
    for empty, lines in groupby(text.rstrip().splitlines(), key=lambda line: not line.strip()):
        lines = list(lines)
        while not empty and (found := find_table(lines)):
            before, table, lines = found
            parts += ["\n".join(kept + before), table]
            kept = []
        kept += lines
    parts.append("\n".join(kept))
    return [part for part in parts if isinstance(part, Table) or part.strip()]


def find_table(lines):
    """Return the lines of a block before its longest table, the table and the lines after, or None."""
    for size in range(len(lines), 1, -1):
        for start in range(len(lines) - size + 1):
            stop = start + size
            if (spans := columns(lines[start:stop])) and (found := complete(lines, start, stop, spans)):
                return found
    return None


def complete(lines, start, stop, spans):
    """Return a table with what stands above its rows, and the other lines, as `find_table` does."""
    if stop - start > 2 and is_head([cells(line, spans) for line in lines[start:stop]]):
        start += 1
        spans = columns(lines[start:stop]) or spans
    top = start
    while top and is_over(lines[top - 1], spans):
        top -= 1
    head = [fields(line) for line in lines[top:start]]
    if crowded(head, spans):
        spans = columns(lines[start:stop], lines[top:start]) or spans
    spans = sorted(spans + [field[:2] for line in head for field in line
                            if not any(overlap(field, span) for span in spans)])
    rows = [cells(line, spans) for line in lines[start:stop]]
    if crowded(head, spans) or not head and not all(
            is_value(cell) for row in rows for cell in row[1:] if cell):
        return None
    caption = ""
    if top and not RESULT.search(lines[top - 1]):
        top -= 1
        caption = lines[top].strip().rstrip(":")
    return lines[:top], Table(caption, [over(line, spans) for line in head], rows), lines[stop:]


def columns(lines, head=()):
    """Return the columns of lines as (start, stop), or None if their numbers do not line up.

    Columns are two blanks apart. One blank will do before numbers that other lines, or those of
    the `head`, set off by more.
    """
    width = max(map(len, lines))
    lines = [line.ljust(width) for line in lines]
    filled = "".join("x" if any(line[x] != " " for line in lines) else " " for x in range(width))
    spans, stop = [], width
    for gap in reversed(list(re.finditer("(?<=x) +(?=x)", filled))):
        around = slice(gap.start() - 1, gap.end() + 1)
        if len(gap[0]) > 1 or (
                any("  " in line[around] for line in (*lines, *head))
                and all(NUMBER.match(line[gap.end():stop].strip()) for line in lines)
                and not any(line[:gap.start()].rstrip().endswith((",", "+-")) for line in lines)):
            spans.insert(0, (gap.end(), stop))
            stop = gap.start()
    spans.insert(0, (0, stop))
    rows = [cells(line, spans) for line in lines]
    if (all(row[0] and any(map(NUMBER.search, row[1:])) for row in rows)
            and not any("[" in line or NAMELESS.search(line[:stop]) for line in lines)
            and not any(set(cell) & set(":;") for row in rows for cell in row[1:])
            and any(all(map(is_value, filter(None, column))) for column in list(zip(*rows))[1:])):
        return spans
    return None


def cells(line, spans):
    return [" ".join(line[start:stop].split()) for start, stop in spans]


def is_value(cell):
    """Tell whether a cell is a number, alone or with up to two words such as its unit."""
    return bool(NUMBER.search(cell)) and len(WORD.findall(NUMBER.sub("", cell))) <= 2


def is_head(rows):
    """Tell whether the first row has words where the others have none, or numbers an axis."""
    (_, *first), *others = rows
    below = list(zip(*others))[1:]
    ticks = [int(cell) for cell in first if cell.isdecimal()]
    return (len(ticks) == len(first) > 2 and ticks == sorted(set(ticks))
            or any(has_words(cell) and not any(map(has_words, column))
                   for cell, column in zip(first, below)))


def has_words(cell):
    return any(len(word) > 1 for word in WORD.findall(NUMBER.sub("", cell)))


def fields(line):
    """Return the names in a line of a head as (start, stop, words); "mean  +- sd" is one."""
    return [(found.start(), found.end(), " ".join(found[0].split()))
            for found in re.finditer(r"\S+(?:(?: | +(?=\+-))\S+)*", line)]


def is_over(line, spans):
    """Tell whether a line above some rows names several columns, or one that is not the first."""
    names = fields(line)
    return not RESULT.search(line) and (len(names) > 1 or names[0][0] >= spans[0][1])


def overlap(field, span):
    return max(0, min(field[1] + 1, span[1]) - max(field[0], span[0]))


def over(names, spans):
    """Return a line of a head as (words, how many columns they span); "" is over no name's."""
    nearest = [max(names, key=lambda field: overlap(field, span)) for span in spans]
    words = [field[2] if overlap(field, span) else "" for field, span in zip(nearest, spans)]
    return [(name, len(list(group))) for name, group in groupby(words)]


def crowded(head, spans):
    """Tell whether a name of a head stands over a column that has another name already."""
    return any(any(overlap(field, span) for span in spans)
               and field[2] not in dict(over(names, spans)) for names in head for field in names)


def draw(table):
    """Return a table as a node: its first column heads the rows."""
    numbers = [sum(bool(NUMBER.match(cell)) for cell in column) * 2 > sum(map(bool, column))
               for column in zip(*table.rows)]
    group = nodes.tgroup("", nodes.colspec(colwidth=1, stub=1),
                         *(nodes.colspec(colwidth=1) for _ in numbers[1:]), cols=len(numbers))
    if table.head:
        group += nodes.thead("", *(draw_row(line, numbers) for line in table.head))
    group += nodes.tbody("", *(draw_row([(cell, 1) for cell in row], numbers)
                               for row in table.rows))
    # not a title, which Sphinx would number
    caption = nodes.raw("", f"<caption>{html.escape(typeset(table.caption))}</caption>",
                        format="html")
    return nodes.table("", *[caption] * bool(table.caption), group,
                       classes=["printed", "colwidths-auto"], support_smartquotes=False)


def draw_row(line, numbers):
    row, column = nodes.row(), 0
    for words, span in line:
        entry = nodes.entry("", nodes.Text(typeset(words)))
        if span > 1:
            entry["morecols"] = span - 1
        if numbers[column]:
            entry["classes"].append("text-right")
        row += entry
        column += span
    return row


def show_tables(app, document):
    """Put tables into the place of the lines that print them."""
    for block in list(document.findall(nodes.literal_block)):
        if "stream" in block["classes"]:
            parts = [draw(part) if isinstance(part, Table) else kept(block, part)
                     for part in read(block.astext())]
            place = block.parent.index(block)
            block.parent[place:place + 1] = parts


def kept(block, text):
    """Return the block of an output with a part of its text; sentences may be wrapped, columns may not."""
    part = block.copy()
    part.rawsource = text.strip("\n")
    if not ALIGNED.search(part.rawsource):
        part["classes"] = block["classes"] + ["sentences"]
    part += nodes.Text(part.rawsource)
    return part


def setup(app):
    app.connect("doctree-read", show_tables)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
