"""The site's fonts: cut to the characters and weights that pages in English use, served with them.

A page loads a file only when it shows one of its characters: few need more than Latin ones.
"""

import hashlib
import io
import os
import sys
from pathlib import Path

import fontpkg
import pydata_sphinx_theme

# Made once, which takes seconds, and kept with the environment that the fonts come from.
ROOM = (Path(sys.prefix) / "share/course-fonts"
        / hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12])
SERIF, ITALIC, SANS = (fontpkg.path(family, style=style) for family, style in [
    ("Source Serif 4", "normal"), ("Source Serif 4", "italic"), ("Source Sans 3", "normal")])
# the theme's icons: of the buttons, the boxes, the links
ICONS = Path(pydata_sphinx_theme.__file__).parent / (
    "theme/pydata_sphinx_theme/static/vendor/fontawesome/webfonts/fa-solid-900.ttf")

# Latin with its punctuation, and the signs that a sentence may hold
LATIN = [range(0x20, 0x7F), range(0xA0, 0x100), range(0x152, 0x154), range(0x2010, 0x2040),
         range(0x2070, 0x207C), range(0x20AC, 0x20AD), range(0x2122, 0x2123), range(0x2190, 0x2194), range(0x2212, 0x2213),
         range(0x2248, 0x2249), range(0x2260, 0x2266), range(0x2713, 0x2714)]
# names from elsewhere in Europe, Greek, indices, arrows, mathematical operators
MORE = [range(0x100, 0x180), range(0x370, 0x400), range(0x2000, 0x20AC), range(0x2190, 0x2300)]
ICON_CHARACTERS = [range(character, character + 1) for character in (
    0x2B, 0xF002, 0xF00D, 0xF010, 0xF019, 0xF03A, 0xF040, 0xF042, 0xF04B, 0xF057, 0xF058, 0xF05A, 0xF062,
    0xF064, 0xF065, 0xF06A, 0xF071, 0xF078, 0xF08E, 0xF0C1, 0xF0C9, 0xF0EB, 0xF0F3, 0xF104, 0xF105, 0xF107, 0xF135,
    0xF15B, 0xF185, 0xF186, 0xF1C1, 0xF303, 0xF35D)]

# file, family, style, weights, source, characters; of two that hold a character the latter is taken
FONTS = [("text-more", "Course Text", "normal", (400, 700), SERIF, MORE),
         ("text", "Course Text", "normal", (400, 700), SERIF, LATIN),
         ("text-italic-more", "Course Text", "italic", (400, 400), ITALIC, MORE),
         ("text-italic", "Course Text", "italic", (400, 400), ITALIC, LATIN),
         ("sans-more", "Course Sans", "normal", (400, 700), SANS, MORE),
         ("sans", "Course Sans", "normal", (400, 700), SANS, LATIN),
         ("icons", "Font Awesome 6 Free", "normal", (900, 900), ICONS, ICON_CHARACTERS)]
FACE = """@font-face {{
  font-family: "{family}";
  src: url("{name}.woff2") format("woff2");
  font-weight: {weights[0]} {weights[1]};
  font-style: {style};
  font-display: {display};
  unicode-range: {characters};
}}
"""


def prepare(app):
    """Give Sphinx the folder that holds the fonts as a static one."""
    folder = ROOM / "fonts"
    folder.mkdir(parents=True, exist_ok=True)
    for name, _, _, weights, source, characters in FONTS:
        target = folder / f"{name}.woff2"
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            replace(target, cut(source, characters, weights))
    replace(folder / "fonts.css", "".join(FACE.format(
        name=name, family=family, style=style, weights=weights,
        display="block" if source == ICONS else "swap",   # an icon has no other letter to show
        characters=", ".join(f"U+{part.start:X}-{part.stop - 1:X}" for part in characters))
        for name, family, style, weights, source, characters in FONTS).encode())
    app.config.html_static_path.append(str(ROOM))


def replace(target, contents):
    """Write a file whole or not at all, since other builds read it meanwhile and an interrupted one leaves it."""
    part = target.with_suffix(f".{os.getpid()}")
    part.write_bytes(contents)
    os.replace(part, target)


def cut(source, characters, weights):
    """Return the font with these characters and weights, in one optical size."""
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont
    from fontTools.varLib.instancer import instantiateVariableFont

    font = TTFont(source)
    cutter = Subsetter(Options(layout_features=["kern", "liga", "mark", "mkmk", "ccmp", "locl"]))
    cutter.populate(unicodes=[character for part in characters for character in part])
    cutter.subset(font)
    if "fvar" in font:
        limits = {"wght": weights, "opsz": 14}
        instantiateVariableFont(font, {axis.axisTag: limits[axis.axisTag]
                                       for axis in font["fvar"].axes}, inplace=True)
    font.flavor = "woff2"
    file = io.BytesIO()
    font.save(file)
    return file.getvalue()


def setup(app):
    app.connect("builder-inited", prepare)
    app.add_css_file("fonts/fonts.css")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
