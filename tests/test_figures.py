"""The figures on the pages: large enough to read, named, in the page's colors, numbered."""

import json
import re
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import figures
import methods
from book import SmallBook, notebook

ROOT = Path(__file__).parent.parent
SITE = ROOT / "_build/html"
PAGES = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html")
               if not {"_static", "_sources"} & set(path.relative_to(SITE).parts))

# What is wrong with the figures that can be seen: a list of sentences that name the figure.
FAULTS = """() => [...document.querySelectorAll(".bd-article svg, .bd-article img")]
  .filter(figure => figure.checkVisibility() && !figure.closest("[aria-hidden], .math, button"))
  .flatMap(figure => {
    const words = figure.getAttribute("aria-label") || figure.getAttribute("alt");
    const name = words === figure.getAttribute("src") ? "" : words;   // docutils takes the file's name
    const title = figure.closest("figure")?.id || (name || figure.outerHTML).slice(0, 60);
    if (!name) return [`no words stand for ${title}`];
    if (figure.tagName == "svg" && figure.getAttribute("role") != "img")
      return [`${title} is no image to a screen reader`];
    return [...figure.querySelectorAll("text, tspan")].filter(text => text.textContent.trim())
      .map(text => ({words: text.textContent, matrix: text.getScreenCTM(),
                     size: parseFloat(getComputedStyle(text).fontSize)}))
      .map(({words, matrix, size}) => ({words, size: size * Math.hypot(matrix.a, matrix.b)}))
      .filter(({size}) => size < 10.995).slice(0, 1)
      .map(({words, size}) => `${title}: "${words}" is ${size.toFixed(1)} px high`);
  })"""


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [390, 1280])
def test_figures_can_be_read_and_have_words_that_stand_for_them(open_page, name, width):
    page = open_page(name, width)
    for details in page.locator("details").all():
        details.evaluate("node => node.open = true")
    faults = page.evaluate(FAULTS)
    assert not faults, f"{name}, {width} wide: {faults}"


@pytest.mark.parametrize("change, fault", [
    ("svg => svg.style.width = svg.clientWidth / 2 + 'px'", 'fig-dropout-ten.*px high'),
    ("svg => svg.removeAttribute('aria-label')", "no words stand for fig-dropout-ten"),
    ("svg => svg.removeAttribute('role')", "fig-dropout-ten.* is no image"),
], ids=["half its size", "without a name", "without a role"])
def test_a_figure_that_is_spoiled_is_found_by_name(open_page, change, fault):
    page = open_page("lessons/dropout.html")
    page.locator(".drawing svg.wide[aria-label^='Test accuracy of ten']").first.evaluate(change)
    assert re.search(fault, "".join(page.evaluate(FAULTS)))


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("mode", ["light", "dark"])
def test_figures_are_drawn_on_the_page_itself(open_page, name, mode):
    page = open_page(name, mode=mode)
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    paper = np.array(re.findall(r"\d+", paper)[:3], int)
    for figure in page.locator(".drawing svg:visible").all():
        pixels = np.array(Image.open(BytesIO(figure.screenshot())).convert("RGB"), int)
        words = figure.get_attribute("aria-label")[:60]
        far = np.abs(pixels - paper).max(axis=2)
        assert far[2:-2:far.shape[0] - 5, 2:-2:far.shape[1] - 5].max() <= 2, f"{words}: has a box"
        assert np.mean(far > 150) < 0.3, f"{words}: mostly as light as a {mode} page is not"


def colors_of(page, method):
    """Return the colors of the dots in the row of a method, in all figures of runs on the page."""
    return set(page.evaluate("""method => [...document.querySelectorAll(".drawing svg")]
      .filter(svg => svg.checkVisibility()).flatMap(svg => {
        const middle = box => box.top + box.height / 2;
        const row = [...svg.querySelectorAll("text")].find(text => text.textContent == method);
        return row ? [...svg.querySelectorAll("use")].filter(dot => Math.abs(
            middle(dot.getBoundingClientRect()) - middle(row.getBoundingClientRect())) < 10)
          .map(dot => getComputedStyle(dot).fill) : [];
      })""", method)) - {"none"}


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_a_method_has_the_same_color_in_two_lessons_and_in_the_text(open_page, mode):
    page = open_page("lessons/regularization.html", mode=mode)
    ink = page.evaluate("getComputedStyle(document.querySelector('.drawing svg')).color")
    name = page.locator(".method", has_text="L2").first
    found = [colors_of(page, "L2 0.001") - {ink},
             colors_of(open_page("lessons/dropout.html", mode=mode), "L2 0.001") - {ink},
             {name.evaluate("node => getComputedStyle(node, '::before').backgroundColor")}]
    assert len(found[0]) == 1 and found[0] == found[1] == found[2], f"L2 is {found}"


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("name", ["optimizers", "cross-entropy"])
def test_a_method_has_the_color_of_its_dot_in_the_explorable(open_page, name, mode):
    page = open_page(f"lessons/{name}.html", mode=mode)
    figure = page.locator(".explorable")
    figure.locator("svg").first.wait_for()
    of = lambda node, style, part=None: node.evaluate(
        "(node, [style, part]) => getComputedStyle(node, part)[style]", [style, part])
    if name == "optimizers":
        drawn = {box.locator("label").inner_text().split(": ")[1].removesuffix(", rate"): {
                     of(box, "borderLeftColor"), of(way, "stroke"), of(head, "fill")}
                 for box, way, head in zip(*(figure.locator(part).all() for part in [".racer", ".way", ".head"]))}
    else:
        keys, charts = figure.locator(".key").all()[:2], figure.locator(".plot").all()
        drawn = {key.inner_text(): {of(key, "borderTopColor", "::before")} | {
                     of(chart.locator(".line").nth(number), "stroke") for chart in charts[1:]} | {
                     of(charts[2].locator(".point").nth(number), "fill")} for number, key in enumerate(keys)}
    assert len(drawn) == {"optimizers": 5, "cross-entropy": 2}[name]
    for method, colors in drawn.items():
        known = f"method-{methods.number(method)}"
        dot = page.evaluate("""known => {
            const dot = document.createElement("span")
            dot.className = `method ${known}`
            document.querySelector("article").append(dot)
            return getComputedStyle(dot, "::before").backgroundColor
        }""", known)
        assert colors == {dot}, f"{method} is {colors} in the explorable, and {dot} in the text"


def luminance(color):
    levels = np.array([int(color[i:i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize("mode, paper", [("light", "#ffffff"), ("dark", "#121212")])
def test_lines_stand_out_from_the_page(mode, paper):
    css = (Path(figures.__file__).parent.parent / "_static/figures/figures.css").read_text()
    block = re.search(rf'html\[data-theme="{mode}"\] {{(.*?)}}', css, re.S)[1]
    colors = re.findall(r"--method-\d: (#\w{6});", block)
    assert len(colors) == len(figures.METHODS)
    for color in colors:
        low, high = sorted([luminance(color), luminance(paper)])
        assert (high + 0.05) / (low + 0.05) >= 3, f"{color} on a {mode} page"


@pytest.mark.parametrize("ink, paper", [("#1d2733", "#ffffff"), ("#ced6dd", "#121212")],
                         ids=["light", "dark"])
def test_gray_lines_stand_out_from_the_page(ink, paper):
    sources = {"plots": (ROOT / "code/plots.py").read_text()} | {
        path.stem: "".join("".join(cell["source"]) for cell in json.loads(path.read_text())["cells"]
                           if cell["cell_type"] == "code")
        for path in (ROOT / "lessons").glob("*.ipynb")}
    grays = [(gray, name) for name, source in sources.items()
             for gray in re.findall(r'(?<!face)colors?="(0\.\d+)"', source)]
    assert len(grays) > 10, "no gray is found: have they another name?"
    ink, paper = [np.array([int(color[i:i + 2], 16) for i in (1, 3, 5)]) for color in (ink, paper)]
    for gray, name in grays:
        drawn = re.sub("#[0-9a-f]{6}", figures.page_color, "#" + 3 * f"{round(255 * float(gray)):02x}")
        share = int(re.search(r"currentColor (\d+)%", drawn)[1]) / 100
        mixed = "#" + "".join(f"{round(level):02x}" for level in share * ink + (1 - share) * paper)
        low, high = sorted([luminance(mixed), luminance("#" + "".join(f"{level:02x}" for level in paper))])
        assert (high + 0.05) / (low + 0.05) >= 3, f"{name}: a line of gray {gray} is lost on the page"


# How a page takes in what plots.show publishes

SVG = """<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="504pt" height="72pt"
 xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 504 72"><metadata>made</metadata>
 <defs><style>*{stroke-linejoin: round}</style></defs><g id="figure_1"><g id="patch_1">
 <path d="M 0 72" style="fill: #ffffff"/></g><g id="axes_1"><defs><path id="m1" d="M 1.2345 0"/></defs>
 <g clip-path="url(#p1)"><use xlink:href="#m1" style="fill: #d55e00; stroke: #000000"/></g>
 <text style="font-size: 10px; font-family: 'DejaVu Sans'" x="1.999">a &lt; b</text>
 <path style="stroke: #dddddd"/></g></g><defs><clipPath id="p1"><rect/></clipPath></defs></svg>"""


def test_a_drawing_takes_colors_and_type_from_the_page():
    drawn = figures.inline(SVG, 'the "words"', "figure-1", "wide")
    for there in ['aria-label="the &quot;words&quot;"', 'role="img"', 'class="wide"', "a &lt; b",
                  "fill: var(--method-1); stroke: currentColor", "currentColor 13%", 'x="1.99"',
                  'id="figure-1-m1"', 'href="#figure-1-m1"', "url(#figure-1-p1)", "M 1.23 0"]:
        assert there in drawn, f"not there: {there}\\n{drawn}"
    for gone in ["xml", "style>", "made", "M 0 72", "DejaVu", "axes_1", "ns0:", "xlink"]:
        assert gone not in drawn, f"still there: {gone}\\n{drawn}"


FIGURE = f'''from IPython.display import display
display({{"image/svg+xml": {SVG!r}, "text/plain": "what it shows"}}, raw=True,
        metadata={{"narrow": {SVG!r}}})'''


def captioned(caption):
    lesson = json.loads(notebook(FIGURE))
    lesson["cells"][0]["source"] = "# A lesson\n\nSee {numref}`fig-gain`."
    if caption:
        lesson["cells"][1]["metadata"]["mystnb"] = {"figure": {"caption": caption, "name": "fig-gain"}}
    return json.dumps(lesson)


def test_a_caption_is_numbered_and_a_new_one_executes_nothing(tmp_path):
    book = SmallBook(tmp_path)
    book.lessons(one=captioned("L2 gains."))
    assert book.executes() == {"one"}
    assert "Figure 1 </span>" in book.page("lessons/one")
    assert re.search(r'href="#fig-gain"><span[^>]*>Figure 1</span>', book.page("lessons/one"))
    book.lessons(one=captioned("*Nothing* gains."))
    assert book.executes() == set(), "a caption is no code"
    page = book.page("lessons/one")
    assert "<em>Nothing</em> gains." in page and "L2 gains." not in page
    assert page.count("<svg") >= 2 and 'class="wide"' in page and 'class="narrow"' in page
    ids = re.findall(r' id="([^"]+)"', page.partition('<div class="drawing">')[2])
    assert len(set(ids)) == len(ids) and "figure-1-m1" in ids, f"two ids are the same: {ids}"


def test_a_figure_without_a_description_ends_the_build(tmp_path):
    book = SmallBook(tmp_path)
    book.lessons(one=notebook(FIGURE.replace('"text/plain": "what it shows"', "")))
    succeeded, printed = book.build()
    assert not succeeded and "a figure without a description" in printed
