"""Printed tables become tables of the page, with all their numbers and nothing else."""

import re
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
from docutils import nodes

from output_tables import Table, draw, read
from typesetting import typeset

LESSONS = sorted((Path(__file__).parent.parent / "lessons").glob("*.ipynb"))

EVIDENCE = """\
                  mean  +- sd       gain  +- half of the 95% interval
plain            0.831 +- 0.034
dropout, pixels  0.985 +- 0.007  +0.154 +- 0.022
gain of both: +0.160 +- 0.020"""


def test_evidence_table():
    table, rest = read(EVIDENCE)
    assert table == Table("", [[("", 1), ("mean +- sd", 1), ("gain +- half of the 95% interval", 1)]],
                          [["plain", "0.831 +- 0.034", ""],
                           ["dropout, pixels", "0.985 +- 0.007", "+0.154 +- 0.022"]])
    assert rest == "gain of both: +0.160 +- 0.020", "a sentence under a table is no row of it"


def test_table_is_read_out_by_rows_and_columns():
    node = draw(read("rate 0.3\n" + EVIDENCE)[0])
    assert node[0].astext() == "<caption>rate 0.3</caption>"
    assert next(node.findall(nodes.colspec))["stub"], "the first column does not head the rows"
    row = list(node.findall(nodes.row))[-1]
    assert [cell.astext() for cell in row] == [
        "dropout, pixels", typeset("0.985 ± 0.007"), typeset("+0.154 ± 0.022")]
    assert ["text-right" in cell["classes"] for cell in row] == [False, True, True]


@pytest.mark.parametrize("text, head, row", [
    # one blank before a number that other lines set off by more
    ("             plain  dropped\ntraining, as 0.862  0.868\ntest         0.621  0.636",
     [[("", 1), ("plain", 1), ("dropped", 1)]], ["training, as", "0.862", "0.868"]),
    # a head of numbers, and names with digits in them
    ("accuracy at        1       3      10\n1 px,  8°      0.797   0.866   0.876\n"
     "2 px, 15°      0.866   0.868   0.858",
     [[("accuracy at", 1), ("1", 1), ("3", 1), ("10", 1)]], ["1 px, 8°", "0.797", "0.866", "0.876"]),
    # a head of two lines, whose names stand over several columns
    ("        from there to  freed\n        global  local  deep\nplain     0.31   0.30  0.02\n"
     "noise     0.49   0.14  0.32",
     [[("", 1), ("from there to", 2), ("freed", 1)], [("", 1), ("global", 1), ("local", 1), ("deep", 1)]],
     ["plain", "0.31", "0.30", "0.02"]),
    # two names of a head over numbers that are one blank apart
    ("       alone   last\ndata  +0.191 +0.132\nAdam  +0.516 +0.015",
     [[("", 1), ("alone", 1), ("last", 1)]], ["data", "+0.191", "+0.132"]),
    # units, and words where there is no number
    ("          time of one  epochs\nAdam          0.28 ms     6.0\nL-BFGS      155.05 ms  not in 100",
     [[("", 1), ("time of one", 1), ("epochs", 1)]], ["Adam", "0.28 ms", "6.0"]),
], ids=["one blank", "axis", "two lines of names", "names set off", "units"])
def test_tables_as_lessons_print_them(text, head, row):
    (table,) = read(text)
    assert table.head == head
    assert table.rows[0] == row


@pytest.mark.parametrize("text", [
    "training 0.862, test 0.621",
    "in training:   [0.   1.67 1.67]\nat prediction: [1.   1.   1.  ]",
    " 3 seeds: excludes zero in 10% of experiments\n10 seeds: excludes zero in 38% of experiments",
    "squared error  is least at a = 0.300\nabsolute error is least at a = 0.000",
    "  the rate of the last line,\n  which is long, goes on",
], ids=["line", "arrays", "sentences", "words", "wrapped"])
def test_what_is_no_table_stays(text):
    assert read(text) == [text]


@pytest.mark.parametrize("printed, shown", [
    ("-0.0902", "−0.0902"), ("at least -0.01", "at least −0.01"), ("(-1)", "(−1)"), ("x=-1", "x=−1"),
    ("8.86e-05", "8.86 × 10⁻⁵"), ("-1.5e+05", "−1.5 × 10⁵"), ("1e-06", "10⁻⁶"), ("1e-06, 2e-3.", "10⁻⁶, 2 × 10⁻³."),
    ("0e+00", "0"), ("0.831 +- 0.034", "0.831 ± 0.034"), ("-0.02 ± 0.01", "−0.02 ± 0.01"), ("-1,143.3", "−1,143.3"),
    ("-0.000 ± 0.001", "0.000 ± 0.001"), ("-0.0004", "−0.0004"), ("-0.00e+00", "0.00"),
    ("2027-01-12", "2027-01-12"), ("L-BFGS, 1-5, 2px", "L-BFGS, 1-5, 2px"), ("3.15.0-rc1", "3.15.0-rc1"),
    ("conv-2e-5", "conv-2e-5"), ("1e5x", "1e5x"), ("mean +- sd", "mean ± sd"),
])
def test_numbers_are_typeset_and_what_is_none_is_left(printed, shown):
    assert typeset(printed).replace("\N{NO-BREAK SPACE}", " ") == shown
    assert not re.search(r"\d [×±]|[×±] \d", typeset(printed)), "a line may end within the number"


def test_a_table_has_its_numbers_typeset():
    node = draw(read("the rate -1\n      change  slope\nL2    -0.09   2.4e-06\nplain  0.10   5.1e+02")[0])
    assert node[0].astext() == "<caption>the rate −1</caption>"
    assert [entry.astext() for entry in node.findall(nodes.entry)][-5:] == [
        "−0.09", typeset("2.4e-06"), "plain", "0.10", typeset("5.1e+02")]


def printed(lesson):
    return [output["text"] for cell in nbformat.read(lesson, as_version=4).cells
            for output in cell.get("outputs", []) if output["output_type"] == "stream"]


def numbers(text):
    return re.findall(r"[-+]?\d+(?:[.,]\d+)*(?:e[-+]?\d+)?", text)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_tables_of_a_lesson_have_the_numbers_of_its_text(lesson):
    for text in printed(lesson):
        rows = []
        for part in read(text):
            if isinstance(part, Table):
                rows += [part.caption, *("  ".join(name for name, _ in line) for line in part.head),
                         *map("  ".join, part.rows)]
            else:
                rows += part.splitlines()
        expected = [numbers(line) for line in text.splitlines() if line.strip()]
        assert [numbers(row) for row in rows if row.strip()] == expected, text


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_no_table_of_a_lesson_is_left_as_text(lesson):
    """Two lines with numbers at the same place after two blanks or more, and no words behind, are one."""
    number = re.compile(r"(?<=  )[-+]?\d[\d.,]*(?:e[-+]\d+)?(?=  |$)")
    for text in printed(lesson):
        assert "half of the 95% interval" not in "".join(
            part for part in read(text) if isinstance(part, str)), text
        for part in read(text):
            lines = [] if isinstance(part, Table) else part.splitlines()
            ends = [{found.end() for found in number.finditer(line)} for line in lines
                    if not re.search(r"[:\[]|\d,? +[a-z]+ ", line)]
            assert not any(a & b for a, b in pairwise(ends)), part
