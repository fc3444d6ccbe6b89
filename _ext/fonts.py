"""The site's fonts: cut to the characters that pages in English use, compressed, served with them."""

import hashlib
import sys
from pathlib import Path

import fontpkg

# Made once, which takes seconds, and kept with the environment that the fonts come from.
ROOM = (Path(sys.prefix) / "share/course-fonts"
        / hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12])
FONTS = {"text": ("Source Serif 4", "normal"), "text-italic": ("Source Serif 4", "italic"),
         "sans": ("Source Sans 3", "normal")}
# Latin, Greek, punctuation, arrows, mathematical operators, and the mark of a claim that holds
CHARACTERS = [*range(0x20, 0x180), *range(0x370, 0x400), *range(0x2000, 0x2070), 0x20AC, 0x2122,
              *range(0x2190, 0x2200), *range(0x2200, 0x2300), 0x2713]


def prepare(app):
    """Give Sphinx the folder that holds the fonts as a static one."""
    for name, (family, style) in FONTS.items():
        source = fontpkg.path(family, style=style)
        target = ROOM / "fonts" / f"{name}.woff2"
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            target.parent.mkdir(parents=True, exist_ok=True)
            cut(source, target)
    app.config.html_static_path.append(str(ROOM))


def cut(source, target):
    """Write the font with `CHARACTERS` alone, in one optical size and in weights from 400 to 700."""
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont
    from fontTools.varLib.instancer import instantiateVariableFont

    font = TTFont(source)
    cutter = Subsetter(Options(layout_features=["kern", "liga", "mark", "mkmk", "ccmp", "locl"]))
    cutter.populate(unicodes=CHARACTERS)
    cutter.subset(font)
    limits = {"wght": (400, 700), "opsz": 14}
    instantiateVariableFont(font, {axis.axisTag: limits[axis.axisTag] for axis in font["fvar"].axes},
                            inplace=True)
    font.flavor = "woff2"
    font.save(target)


def setup(app):
    app.connect("builder-inited", prepare)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
