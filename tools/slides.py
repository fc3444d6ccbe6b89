"""Write reveal.js decks of the built lessons to _build/slides: one a class of term.yml, or else one a lesson.

    make slides

The slides of a lesson are written with its page (_ext/lesson_slides.py). A deck opens from the file system
and asks for nothing from elsewhere; S opens the speaker's view. Where there is Chromium, each slide is
opened in it, and one that does not fit is named.
"""

import html
import shutil
import sys
from pathlib import Path

import sphinx_revealjs

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "_ext"))

from built_site import launch, lessons, site
from lesson_slides import folder
from term import current

REVEAL = Path(sphinx_revealjs.__file__).parent / "_static/revealjs"
WIDTH, HEIGHT = 1280, 720
STYLES = ["assets/reveal.css", "assets/fonts/fonts.css", "assets/figures.css", "assets/math.css",
          "assets/claims.css", "assets/pygments.css", "assets/slides.css"]
DECK = """<!doctype html>
<html lang="en" data-theme="light">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
{styles}
</head>
<body>
<div class="reveal"><div class="slides">
{slides}
</div></div>
<script src="assets/reveal.js"></script>
<script src="assets/notes.js"></script>
<script>
Reveal.initialize({{width: {width}, height: {height}, margin: 0, center: false, display: "flex", hash: true,
                    controls: false, slideNumber: "c/t", transition: "none", plugins: [RevealNotes]}})
</script>
</body>
</html>
"""
INDEX = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Slides</title>
<link rel="stylesheet" href="assets/fonts/fonts.css">
<style>body {{ max-width: 40rem; margin: 3rem auto; font: 18px/1.6 "Course Text", Georgia, serif }}</style></head>
<body><h1>Slides</h1>
<p>In a deck, the arrow keys lead on and S opens the speaker's view, with the notes.</p>
<ul>
{links}
</ul></body></html>
"""
TOO_LARGE = """([width, height]) => {
    const slide = Reveal.getCurrentSlide(), frame = slide.getBoundingClientRect(), scale = Reveal.getScale()
    const over = [...slide.querySelectorAll("*")].filter(node => !node.closest(".notes, .mathml, svg *")
            && node.checkVisibility()).flatMap(node => {
        const box = node.getBoundingClientRect()
        const right = (box.right - frame.left) / scale - width, below = (box.bottom - frame.top) / scale - height
        return right > 1 || below > 1 ? [[Math.round(Math.max(0, right)), Math.round(Math.max(0, below))]] : []
    })
    const [small] = [...slide.querySelectorAll(".picture")].map(node => node.clientHeight).filter(high => high < 200)
    return {title: slide.querySelector("h1, h2").innerText, right: Math.max(0, ...over.map(box => box[0])),
            below: Math.max(0, ...over.map(box => box[1])), figure: small ?? null}
}"""


def decks(term, names):
    """Return the decks as (file name, title, lessons): one a class, or one a lesson where there are no classes."""
    if term["classes"]:
        return [(f"class-{number}", f"Class {number}, {lecture['date']:%-d %B %Y}", lecture["lessons"])
                for number, lecture in enumerate(term["classes"], 1)]
    return [(name, title, [name]) for name, title in names.items()]


def write(target, title, slides):
    styles = "\n".join(f'<link rel="stylesheet" href="{name}">' for name in STYLES)
    target.write_text(DECK.format(title=html.escape(title), styles=styles, slides="\n".join(slides),
                                  width=WIDTH, height=HEIGHT), encoding="utf8")


def copy_assets(built, target):
    shutil.copytree(built / "_static/fonts", target / "fonts")
    for path in [REVEAL / "dist/reveal.css", REVEAL / "dist/reveal.js", REVEAL / "plugin/notes/notes.js",
                 *(ROOT / f"_static/{name}/{name}.css" for name in ("figures", "math", "claims")),
                 built / "_static/pygments.css", ROOT / "tools/slides.css"]:
        shutil.copy(path, target)
    shutil.copy(REVEAL / "LICENSE", target / "reveal.LICENSE")


def faults(page):
    """Return a line for each slide of the open deck whose content does not fit, by its title."""
    found = []
    page.wait_for_function("window.Reveal?.isReady()")
    page.evaluate("document.fonts.ready")
    for number in range(page.evaluate("Reveal.getTotalSlides()")):
        page.evaluate("number => { Reveal.slide(number, 0, 99) }", number)
        slide = page.evaluate(TOO_LARGE, [WIDTH, HEIGHT])
        title = " ".join(slide["title"].split())
        if slide["right"] or slide["below"]:
            found.append(f"slide {number + 1}, {title!r}: {slide['right']} pixels too wide, "
                         f"{slide['below']} too high")
        elif slide["figure"] is not None:
            found.append(f"slide {number + 1}, {title!r}: its figure has no more than {slide['figure']} pixels")
    return found


def write_decks(built, target):
    """Write the decks of a built site into the folder `target`; return their names."""
    source = folder(built)
    shutil.rmtree(target, ignore_errors=True)
    (target / "assets").mkdir(parents=True)
    copy_assets(built, target / "assets")
    names = {name: title for name, title in lessons(built).items() if (source / f"{name}.html").exists()}
    written = decks(current(), names)
    for name, title, parts in written:
        write(target / f"{name}.html", title, [(source / f"{part}.html").read_text(encoding="utf8")
                                               for part in parts if part in names])
    links = "\n".join(f'<li><a href="{name}.html">{html.escape(title)}</a></li>' for name, title, _ in written)
    (target / "index.html").write_text(INDEX.format(links=links), encoding="utf8")
    return [name for name, *_ in written]


def check(target, names):
    """Return a line for each slide of these decks that holds too much."""
    with launch() as browser:
        if browser is None:
            print("Chromium is not installed: whether each slide fits was not checked.")
            return []
        found = []
        for name in names:
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
            page.goto((target / f"{name}.html").as_uri())
            found += [f"{name}.html, {line}" for line in faults(page)]
            page.close()
        return found


def main():
    target = site().parent / "slides"
    names = write_decks(site(), target)
    print(f"{len(names)} decks: {target / 'index.html'}")
    if found := check(target, names):
        sys.exit("These slides hold too much:\n" + "\n".join(found))


if __name__ == "__main__":
    main()
