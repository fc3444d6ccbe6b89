"""The site's fonts: cut to the characters that pages in English use, compressed, served with them."""

import hashlib
import sys
from pathlib import Path

import fontpkg
import pydata_sphinx_theme

# Made once, which takes seconds, and kept with the environment that the fonts come from.
ROOM = (Path(sys.prefix) / "share/course-fonts"
        / hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12])
FONTS = {"text": ("Source Serif 4", "normal"), "text-italic": ("Source Serif 4", "italic"),
         "sans": ("Source Sans 3", "normal")}
# Latin, Greek, punctuation, arrows, mathematical operators, and the mark of a claim that holds
CHARACTERS = [*range(0x20, 0x180), *range(0x370, 0x400), *range(0x2000, 0x20A0), 0x20AC, 0x2122,
              *range(0x2190, 0x2200), *range(0x2200, 0x2300), 0x2713]
# the theme's icons: of the buttons, the boxes, the links
ICONS = Path(pydata_sphinx_theme.__file__).parent / (
    "theme/pydata_sphinx_theme/static/vendor/fontawesome/webfonts/fa-solid-900.ttf")
ICON_CHARACTERS = [0x2B, 0xF002, 0xF010, 0xF019, 0xF03A, 0xF040, 0xF042, 0xF057, 0xF058, 0xF05A,
                   0xF062, 0xF064, 0xF065, 0xF06A, 0xF071, 0xF078, 0xF08E, 0xF0C1, 0xF0C9, 0xF0EB,
                   0xF0F3, 0xF104, 0xF105, 0xF135, 0xF15B, 0xF185, 0xF186, 0xF1C1, 0xF303, 0xF35D]


def prepare(app):
    """Give Sphinx the folder that holds the fonts as a static one."""
    sources = {name: (fontpkg.path(family, style=style), CHARACTERS)
               for name, (family, style) in FONTS.items()} | {"icons": (ICONS, ICON_CHARACTERS)}
    for name, (source, characters) in sources.items():
        target = ROOM / "fonts" / f"{name}.woff2"
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            target.parent.mkdir(parents=True, exist_ok=True)
            cut(source, characters, target)
    app.config.html_static_path.append(str(ROOM))


def cut(source, characters, target):
    """Write the font with these characters, in one optical size and in weights from 400 to 700."""
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont
    from fontTools.varLib.instancer import instantiateVariableFont

    font = TTFont(source)
    cutter = Subsetter(Options(layout_features=["kern", "liga", "mark", "mkmk", "ccmp", "locl"]))
    cutter.populate(unicodes=characters)
    cutter.subset(font)
    limits = {"wght": (400, 700), "opsz": 14}
    if "fvar" in font:
        instantiateVariableFont(font, {axis.axisTag: limits[axis.axisTag]
                                       for axis in font["fvar"].axes}, inplace=True)
    font.flavor = "woff2"
    font.save(target)


def setup(app):
    app.connect("builder-inited", prepare)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
