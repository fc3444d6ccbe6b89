"""Lay out a new lesson with the parts that every lesson has.

    make lesson NAME=weight-decay

It is the last one before the reference pages until its line in _toc.yml is moved. What is in angle
brackets is to be written; the cells run as they are, so that the book is whole at any time.
"""

import re
import sys
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell as code
from nbformat.v4 import new_markdown_cell as markdown

ROOT = Path(__file__).resolve().parent.parent
TOC = ROOT / "_toc.yml"

START = """import sys; sys.path.insert(0, "../code")

import claims
import lecture

((x_500, y_500), (x_validation, y_validation),
 (x_test, y_test)) = lecture.load_data()"""
CLAIM = 'claims.claim("<{name}: a sentence that stands alone>",\n             {measured}, at_least={bound})'
EXERCISE = """:::{{exercise}} <Name {number}>
:label: {name}-{number}

<What to predict, then what to run.>
:::

:::{{solution-start}} {name}-{number}
:class: dropdown
:::"""
SOLVED = "<Why it came out so.>\n\n:::{solution-end}\n:::"
QUESTION = """**{number}. <A question>?**

:::{{dropdown}} <A right answer>
**Right.** <Why.>
:::
:::{{dropdown}} <A tempting answer>
**No.** <Why not.>
:::
"""


def lesson(name):
    """Return the notebook of a lesson of this name."""
    title = name.replace("-", " ").capitalize()
    cells = [
        markdown(f"# {title}\n\n<The question of this lesson>?\n\n**What you will be able to do**\n\n"
                 "- <an outcome>;\n- <another>.\n\n"
                 "*Reading takes about 10 minutes; running all cells, about a minute.*"),
        markdown("## The problem\n\n<What goes wrong, shown before it is solved.>"),
        code(START, metadata={"tags": ["hide-input"]}),
        markdown("## The idea\n\n**In words.** <...>\n\n**In mathematics.** <...>"),
        markdown("## In Keras\n\n<The lines, or a file of code/ through literalinclude.>"),
        markdown("## Run it\n\n<The experiment, over ten seeds.>"),
        code("print(len(x_500))"),
        markdown("## What we may conclude\n\n<What the claims rest on, and what the runs do not show.>"),
        code(CLAIM.format(name=name, measured="len(x_500)", bound=500),
             metadata={"tags": ["hide-input"]})]
    for number in (1, 2, 3):
        cells += [markdown(("## Exercises\n\n" if number == 1 else "")
                           + EXERCISE.format(name=name, number=number)),
                  code(f"answer_{number} = {number}\n"
                       + CLAIM.format(name=f"{name}-{number}", measured=f"answer_{number}", bound=1)),
                  markdown(SOLVED)]
    cells += [markdown("## Check yourself\n\n" + "\n".join(
                  QUESTION.format(number=number) for number in (1, 2, 3))),
              markdown("## Summary\n\n- <In five lines or fewer.>\n\n"
                       "**Further reading.** {cite:t}`goodfellow2016`.")]
    for number, cell in enumerate(cells):
        cell.id = f"{name}-{number}"[-64:]
    return nbformat.v4.new_notebook(cells=cells, metadata={
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"}})


def add_to_toc(toc, name):
    """Return the text of _toc.yml with the lesson behind the last one that it has."""
    last = [line for line in toc.splitlines() if re.search(r"file: lessons/", line)][-1]
    return toc.replace(last, f"{last}\n{last[:last.index('lessons/')]}lessons/{name}")


def main(name):
    path = ROOT / f"lessons/{name}.ipynb"
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
        sys.exit(f"the name becomes the page's address: small letters, digits and hyphens, not {name!r}")
    if path.exists() or path.with_suffix(".md").exists():
        sys.exit(f"there is a lesson {name} already")
    nbformat.write(lesson(name), path)
    TOC.write_text(add_to_toc(TOC.read_text(encoding="utf8"), name), encoding="utf8")
    print(f"lessons/{name}.ipynb is laid out and in _toc.yml. Write it, then: make refresh, make test.\n"
          f"To remove a lesson, delete its file and its line in _toc.yml, and `make book` names what "
          "still refers to it.")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
