"""What every lesson has, so that a reader always knows where they are."""

import re
from pathlib import Path

import nbformat
import pytest

from output_tables import read

LESSONS = Path(__file__).parent.parent / "lessons"
CODE = LESSONS.parent / "code"

PARTS = ["What you will be able to do", "The problem", "The idea", "In Keras", "Run it",
         "What we may conclude", "Exercises", "Check yourself", "Summary"]
WIDTH = 88   # characters of code that a page shows without scrolling
PRINTED = 78   # characters of an output that it shows so
CLAUSE = 160   # characters of a sentence or clause that a diff shows whole


@pytest.fixture(params=sorted(LESSONS.glob("*.ipynb")), ids=lambda path: path.stem)
def lesson(request):
    return nbformat.read(request.param, as_version=4)


def prose(lesson):
    return "\n".join(cell.source for cell in lesson.cells if cell.cell_type == "markdown")


def code_cells(lesson):
    return [cell for cell in lesson.cells if cell.cell_type == "code"]


def test_lesson_has_all_parts_in_order(lesson):
    headings = re.findall(r"^(?:## |\*\*(?=What you will))(.*?)(?:\*\*)?$", prose(lesson), re.M)
    assert [heading for heading in headings if heading in PARTS] == PARTS


def test_lesson_begins_with_its_question_and_its_minutes(lesson):
    title, _, question, *_ = lesson.cells[0].source.split("\n")
    assert title.startswith("# ") and question.endswith("?")
    assert re.search(r"^\*Reading takes about \d+ minutes; running all cells, about ", prose(lesson), re.M)


def test_lesson_has_three_exercises_and_solves_each(lesson):
    exercises = re.findall(r"^:::{exercise}.*\n:label: (\S+)", prose(lesson), re.M)
    solved = re.findall(r"^:::{solution(?:-start)?} (\S+)", prose(lesson), re.M)
    assert len(exercises) >= 3
    assert solved == exercises, "each exercise is followed by its solution"


def test_what_a_solution_computes_is_claimed(lesson):
    solution, last = None, {}
    for cell in lesson.cells:
        for part, label in re.findall(r"^:::{solution-(start|end)} ?(\S*)", cell.source, re.M):
            solution = label if part == "start" else None
        if cell.cell_type == "code" and solution:
            last[solution] = cell.source
    for label, source in last.items():
        assert "claims.claim(" in source, f"the solution of {label} ends without a claim"


def test_lesson_asks_three_questions_with_one_right_answer_each(lesson):
    _, questions = prose(lesson).split("## Check yourself")
    questions = re.split(r"^\*\*\d+\. ", questions.split("## Summary")[0], flags=re.M)[1:]
    assert len(questions) >= 3
    for question in questions:
        reasons = re.findall(r"^:::{dropdown}.*\n\*\*(Right|No|Not)\b", question, re.M)
        assert len(reasons) == question.count("{dropdown}"), f"answers without a reason: {question}"
        assert reasons.count("Right") == 1, f"one answer is right: {question}"


def test_lesson_concludes_with_claims(lesson):
    conclusions = iter(lesson.cells)
    for cell in conclusions:
        if "## What we may conclude" in cell.source:
            break
    assert any("claims.claim(" in cell.source for cell in conclusions)


def test_the_seed_is_that_of_the_course(lesson):
    for number, cell in enumerate(code_cells(lesson), 1):
        assert not re.search(r"set_random_seed\(\s*\d", cell.source), (
            f"code cell {number} has a seed of its own: SEED of code/seeds.py is chosen with care")


def test_prose_has_a_sentence_or_clause_a_line(lesson):
    text = re.sub(r"^(```|~~~|\$\$).*?^\1", "", prose(lesson), flags=re.M | re.S)   # code, math
    text = re.sub(r"\]\(.*?\)|<.*?>", "", text)   # addresses
    for line in text.splitlines():
        if not line.startswith(("|", ":", "$$")):   # tables, a directive's options, math
            assert len(line) <= CLAUSE, f"a line of {len(line)} characters: {line}"


def test_what_is_bold_within_a_sentence_is_a_term_of_the_glossary(lesson):
    bold = re.findall(r"(?<!\*)\*\*([a-z][^*\n]*)\*\*", prose(lesson))
    assert not bold, f"not linked to the glossary (or, if stressed, not in italics): {bold}"


def test_each_term_of_the_glossary_is_introduced_by_one_lesson():
    glossary = (LESSONS.parent / "glossary.md").read_text(encoding="utf8")
    introduced = [named or shown for path in LESSONS.glob("*.ipynb") for shown, named in re.findall(
        r"\*\*{term}`([^`<]*?)(?: <(.*?)>)?`\*\*", prose(nbformat.read(path, as_version=4)))]
    assert sorted(introduced) == sorted(re.findall(r"^(\w.*)\n  ", glossary, re.M))


def test_every_cell_is_compared_with_a_run(lesson):
    for number, cell in enumerate(code_cells(lesson), 1):
        assert cell.execution_count is not None, (
            f"code cell {number} was never run, and nbval compares nothing then: make refresh")


def test_stored_outputs_are_text_that_a_reader_may_see(lesson):
    outputs = [output for cell in code_cells(lesson) for output in cell.outputs]
    assert outputs, "the outputs are not stored: make refresh"
    for output in outputs:
        assert output.output_type in ("stream", "display_data"), f"an object's repr: {output}"
        assert output.get("name") != "stderr", output.text
        text = output.get("text") or output.data["text/plain"]
        assert set(output.get("data", {})) <= {"text/plain"}, "an image is stored: make refresh"
        assert not text.startswith("<"), f"an object's repr: {text}"
        assert not re.search(r"\b0x[0-9a-f]{6}|/home/|/tmp/|site-packages|WARNING", text), text


def test_every_figure_is_described(lesson):
    for cell in code_cells(lesson):
        assert not re.search(r"plt\.show\(", cell.source), "plots.show gives a figure its description"


def test_code_fits_the_page(lesson):
    shown = {f"cell {number}": cell.source for number, cell in enumerate(code_cells(lesson), 1)}
    for name, part in re.findall(r"{literalinclude} \.\./code/(.*)\n(?::pyobject: (.*))?",
                                 prose(lesson)):
        file = (CODE / name).read_text(encoding="utf8")
        shown[name] = re.search(rf"^def {part}\(.*?(?=^\S|\Z)", file, re.M | re.S).group() \
            if part else file
    for name, source in shown.items():
        for line in source.splitlines():
            assert len(line) <= WIDTH, f"{name} has a line of {len(line)} characters: {line}"


def test_what_is_printed_fits_the_page(lesson):
    for cell in code_cells(lesson):
        for output in cell.outputs:
            if output.output_type == "stream":
                texts = [part for part in read(output.text) if isinstance(part, str)]
                wide = [line for text in texts for line in text.splitlines() if len(line) > PRINTED]
                assert not wide, f"more than {PRINTED} characters, and in no table: {wide}"


def test_words_in_figures_have_the_sizes_of_the_course(lesson):
    for cell in code_cells(lesson):
        sizes = set(re.findall(r"fontsize=([^,)]+)", cell.source)) - {'"small"'}
        assert not sizes, f"course.mplstyle has the sizes, not a cell: {sizes}"
