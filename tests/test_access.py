"""The site by keyboard, by touch, in large text: every kind of control that its pages have."""

import io

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image, ImageChops

PAGES = ["index.html", "lessons/dropout.html", "results.html", "search.html", "glossary.html"]
RULES = {"target-size": {"enabled": True}, "label-content-name-mismatch": {"enabled": True}}

# What has the focus: its kind is where it is, its tag and its classes.
FOCUSED = """async () => {
    await new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))
    const node = document.activeElement
    if (!node || node === document.body) return null
    const place = node.parentElement.closest("dialog, nav, aside, footer, table, pre, details, .admonition, "
                                             + ".bd-header-article, .bd-sidebar, article, body")
    const name = node => [node.tagName.toLowerCase(), ...node.classList].join(".")
    const known = window.known ??= new Set()
    const isNew = !known.has(node)
    known.add(node)
    const box = node.getClientRects()[0] ?? node.getBoundingClientRect()
    return {kind: `${name(place)} ${name(node)}`, isNew, inFormula: Boolean(node.closest(".math")),
            cut: node.scrollWidth > node.clientWidth || node.scrollHeight > node.clientHeight,
            isControl: node.matches("a, button, input, summary, select, textarea"),
            lines: node.getClientRects().length,
            box: [box.x, box.y, box.right, box.bottom]}
}"""


def walk(page):
    """Press Tab until everything had the focus, and yield what FOCUSED tells of each element."""
    # they come and go by themselves, over whatever is there
    page.add_style_tag(content="#pst-back-to-top, .preview { display: none !important }")
    for _ in range(1000):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if focused and not focused["isNew"]:
            return
        if focused:
            yield focused
    raise AssertionError("the focus does not come round")


def sides_with_outline(page, focused):
    """Return for each side of the focused element on the screen what share of it has an outline."""
    screen = page.viewport_size
    left, top, right, bottom = focused["box"]
    x0, y0 = max(left - 6, 0), max(top - 6, 0)
    x1, y1 = min(right + 6, screen["width"]), min(bottom + 6, screen["height"])

    def seen():
        png = page.screenshot(clip={"x": x0, "y": y0, "width": x1 - x0, "height": y1 - y0})
        return Image.open(io.BytesIO(png)).convert("RGB")

    before = seen()
    page.evaluate("""() => {
        window.left = document.activeElement
        HTMLElement.prototype.blur.call(window.left)   // some buttons have a blur of their own
    }""")
    changed = ImageChops.difference(before, seen()).convert("L").point(lambda value: 255 * (value > 30))
    page.evaluate("() => window.left.focus({preventScroll: true})")
    wide, high = changed.size
    fits = bottom - top < screen["height"]   # of what is taller, an end is under the page's head
    strips = {"top": (fits and top > 0, (0, 0, wide, 12)), "left": (left > 0, (0, 0, 12, high)),
              "bottom": (fits and bottom < screen["height"], (0, high - 12, wide, high)),
              "right": (right < screen["width"], (wide - 12, 0, wide, high))}
    shares = {}
    for side, (on_screen, box) in strips.items():
        if on_screen and (focused["lines"] == 1 or side in ("top", "left")):
            along = changed.crop(box).resize((wide, 1) if side in ("top", "bottom") else (1, high),
                                             Image.Resampling.BOX)
            shares[side] = sum(value > 0 for value in along.tobytes()) / (len(along.tobytes()) - 4)
    return shares


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", PAGES)
def test_focus_is_seen_whole_and_formulas_are_no_stops(open_page, name, width):
    page = open_page(name, width)
    for details in page.locator("details").all():
        details.evaluate("node => node.open = true")
    kinds = set()
    for focused in walk(page):
        kind = focused["kind"]
        assert focused["isControl"] or focused["cut"], f"{name}, {width} wide: {kind} is a stop without use"
        assert not focused["inFormula"] or focused["cut"], f"{name}: the formula {kind} is a stop"
        if kind not in kinds:
            kinds.add(kind)
            for side, share in sides_with_outline(page, focused).items():
                assert share > 0.7, (f"{name}, {width} wide: the {side} of the focus on {kind} is not seen "
                                     f"({share:.0%} of it is)")
    assert len(kinds) > 5, f"{name}: only {kinds}"


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("opener", [".search-button__button:visible", ".dropdown-download-buttons > button",
                                    ".primary-toggle"])
def test_focus_is_seen_in_what_opens(open_page, opener, width):
    page = open_page("lessons/dropout.html", width)
    page.locator(opener).first.focus()
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    page.keyboard.press("Tab")   # what opened may lie over its button
    kinds = set()
    for _ in range(12):
        focused = page.evaluate(FOCUSED)
        if focused and focused["kind"] not in kinds:
            kinds.add(focused["kind"])
            for side, share in sides_with_outline(page, focused).items():
                assert share > 0.7, (f"{width} wide, after {opener}: the {side} of the focus on "
                                     f"{focused['kind']} is not seen ({share:.0%} of it is)")
        page.keyboard.press("Tab")


@pytest.mark.parametrize("how", ["pointer", "keyboard"])
def test_escape_and_a_click_elsewhere_close_each_menu_of_the_header(open_page, how):
    page = open_page("lessons/dropout.html")
    buttons = page.locator("[data-bs-toggle=dropdown]:visible").all()
    assert buttons, "the header has no menu: try another page"
    for button in buttons:
        name = button.get_attribute("aria-label") or button.inner_text()
        menu = button.locator("xpath=following-sibling::*[contains(@class, 'dropdown-menu')]")
        for keys in [["Escape"], ["ArrowDown", "Escape"], None]:
            if how == "pointer":
                button.click()
            else:
                button.press("Enter")
            assert menu.is_visible(), f"{name}: its menu does not open"
            if keys:
                for key in keys:
                    page.keyboard.press(key)
                assert menu.is_hidden(), f"{name}: after {keys} the menu is still open"
                assert button.evaluate("node => node === document.activeElement"), f"{name}: {keys} lose the focus"
            else:
                page.mouse.click(400, 600)
                assert menu.is_hidden(), f"{name}: a click elsewhere leaves the menu open"
            page.mouse.move(400, 700)


@pytest.mark.parametrize("name", PAGES)
def test_controls_can_be_hit_and_are_called_what_they_say(open_page, name):
    for width in [390, 1280]:
        found = Axe().run(open_page(name, width), options={"resultTypes": ["violations"], "rules": RULES})
        assert not found.violations_count, f"{name}, {width} wide: {found.generate_report()[:3000]}"


def test_focus_stays_on_the_button_that_changes_the_theme(open_page):
    page = open_page("index.html")
    button = page.locator("button.theme-switch-button")
    button.focus()
    page.keyboard.press("Enter")
    assert button.evaluate("node => node === document.activeElement"), "the focus is lost with the theme"
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


CUT = """() => [...document.querySelectorAll(".bd-article :is(pre, div)")].filter(node =>
    ["auto", "scroll"].includes(getComputedStyle(node).overflowX) && node.checkVisibility()
    && node.scrollWidth > node.clientWidth).map(node => ({
        kind: `${node.tagName}.${node.className}`, stop: node.tabIndex === 0,
        fades: getComputedStyle(node).maskImage !== "none"
               && parseFloat(getComputedStyle(node).getPropertyValue("--more-right")) > 0}))"""


@pytest.mark.parametrize("timelines", [True, False], ids=["style sheet", "script"])
@pytest.mark.parametrize("name", ["lessons/dropout.html", "lessons/optimizers.html", "lessons/batchnorm.html",
                                  "lessons/cross-entropy.html", "lessons/did-it-help.html", "results.html"])
def test_what_is_cut_off_shows_that_it_scrolls(open_page, name, timelines):
    page = open_page(name, 390)
    if not timelines:   # a browser that cannot move an animation by scrolling
        page.add_init_script("CSS.supports = () => false")
        page.reload()
        page.add_style_tag(content="* { animation: none !important }")
    page.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true })")
    page.wait_for_timeout(200)
    cut = page.evaluate(CUT)
    assert cut, "nothing is too wide for a phone here: try another page"
    for node in cut:
        assert node["stop"], f"{name}: {node['kind']} does not scroll by keyboard"
        assert node["fades"], f"{name}: {node['kind']} does not show that there is more of it"


@pytest.mark.parametrize("name", PAGES)
def test_text_twice_as_large_fits(open_page, name):
    for width, size in [(640, 200), (1280, 200)]:
        page = open_page(name, width)
        page.add_style_tag(content=f"html {{ font-size: {size}% !important }}")
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{name}: text of {size}% makes a page of {width} {wide} wide"
        hidden = page.evaluate("""() => [...document.querySelectorAll(
            "body :is(a, aside, button, code, dd, details, div, figure, label, li, nav, p, span, summary, td, th)"
        )].filter(node => ["hidden", "clip"].includes(getComputedStyle(node).overflowX)
            && node.scrollWidth > node.clientWidth + 1 && node.checkVisibility()
            && node.textContent.trim() && !node.closest(".math, .visually-hidden")).map(node => `${node.tagName}.${node.className}`)""")
        assert not hidden, f"{name}, {width} wide, text of {size}%: cut off in {hidden}"


@pytest.mark.parametrize("name", [*PAGES, "lessons/over-fitting.html", "critical-reading.html"])
def test_links_in_the_text_are_told_apart_by_more_than_a_color(open_page, name):
    plain = open_page(name).evaluate("""() => [...document.querySelectorAll(
        ".bd-article :is(p, li, td, dd) a[href]:not(.headerlink)")].filter(link => link.textContent.trim()
            && (!getComputedStyle(link).textDecorationLine.includes("underline") || /^\\s/.test(link.textContent)))
        .map(link => link.textContent)""")
    assert not plain, f"{name}: without a line under their words: {plain}"


def test_controls_are_seen_in_forced_colors(open_page):
    page = open_page("lessons/dropout.html", forced_colors="active")
    for control in page.locator("button:visible, summary:visible, fieldset.self-check input").all():
        control.scroll_into_view_if_needed()
        colors = Image.open(io.BytesIO(control.screenshot())).convert("RGB").getcolors(100000)
        assert len(colors) > 1, f"nothing is seen of {control.evaluate('node => node.outerHTML')[:200]}"
    focused = page.locator("fieldset.self-check button").first
    page.keyboard.press("Tab")
    focused.focus()
    assert focused.evaluate("node => getComputedStyle(node).outlineStyle") != "none"


@pytest.mark.parametrize("name", ["lessons/dropout.html", "lessons/optimizers.html", "lessons/batchnorm.html"])
def test_on_a_phone_columns_of_outputs_do_not_wrap_and_sentences_do(open_page, name):
    page = open_page(name, 390)
    wrapped = page.evaluate("""() => [...document.querySelectorAll(".cell_output :is(pre, td.text-right)")]
        .filter(node => {
            if (node.closest(".sentences")) return false
            const range = document.createRange()
            range.selectNodeContents(node)
            const tops = new Set([...range.getClientRects()].map(box => Math.round(box.top)))
            return node.checkVisibility() && tops.size > node.textContent.trim().split("\\n").length
        }).map(node => node.textContent)""")
    assert not wrapped, f"{name}: lines of outputs wrap: {wrapped[:3]}"
    cut = page.evaluate("""() => [...document.querySelectorAll(".cell_output .sentences pre")]
        .filter(node => node.scrollWidth > node.clientWidth).map(node => node.textContent)""")
    assert page.locator(".cell_output .sentences pre").count() > 1
    assert not cut, f"{name}: sentences are cut off: {cut[:3]}"


def test_code_alone_has_copy_buttons(open_page):
    page = open_page("lessons/dropout.html")
    page.locator(".cell_input button.copybtn").first.wait_for(state="attached")
    assert page.locator(".cell_input .highlight").count() == page.locator(".cell_input .copybtn").count()
    assert page.locator(".cell_output .copybtn").count() == 0, "outputs have copy buttons"
