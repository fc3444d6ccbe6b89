"""The laboratory and the explorables as readers use them, from the file system and without a network."""

import gzip
import inspect
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe

import seeds
from book import SmallBook

SITE = Path(__file__).parent.parent / "_build/html"
ROOT = SITE.parent.parent
PAGE = "laboratory.html"
FIRST_LOAD = 350_000   # bytes, compressed, without the images
QUICK = {"Epochs": "10", "Training images": "50"}
IN_LESSONS = sorted(path.stem for path in (ROOT / "lessons").glob("*.ipynb")
                    if 'class=\\"laboratory\\"' in path.read_text(encoding="utf8"))


def choose(page, **choices):
    """Choose these options of menus, and these values, by the menus' labels."""
    for label, value in choices.items():
        field = page.get_by_label(label, exact=True)
        if field.evaluate("field => field.localName") == "select":
            field.select_option(value)
        else:
            field.fill(value)
            field.press("Tab")


def press(page, name):
    page.get_by_role("button", name=name, exact=True).press("Enter")


def train(page, **choices):
    """Train to the end; return what the status says then."""
    choose(page, **choices)
    page.locator(".actions .main").press("Enter")
    page.get_by_role("status").filter(has_text="Done.").wait_for(state="attached")
    page.locator(".actions .main", has_text="Start again").wait_for()
    page.wait_for_timeout(300)   # until it is drawn
    return page.locator(".said").first.inner_text()


def scores(page):
    """Return the table of accuracies, a list of words for each row."""
    return [row.inner_text().split("\t") for row in page.locator(".scores tbody tr").all()]


def curve(page, kind, chart="accuracy"):
    return page.locator(f".{chart} path.line").evaluate_all(
        "(lines, kind) => lines.filter(line => line.getAttribute('class') === `line ${kind}`)"
        ".map(line => line.getAttribute('d'))", kind)


def choices(page):
    """Return what the controls show, by their labels."""
    return page.locator(".laboratory .control").evaluate_all(
        "controls => Object.fromEntries(controls.map(control => [control.querySelector('label').textContent,"
        "control.querySelector('select, input').value]))")


# ---- The element -----------------------------------------------------------------------------------


def test_network_trains_from_the_file_system(open_page):
    page = open_page(PAGE)
    said = train(page, **QUICK)
    assert re.fullmatch(r"Done\. Now, epoch 10: training accuracy [\d.]+%, test accuracy [\d.]+%\.", said), said
    assert page.locator(".wrong").inner_text().count("taken for"), "no image that is wrong is shown"
    assert "of all outputs are saturated" in page.locator(".laboratory").inner_text()
    assert "Mean change since the start" in page.locator(".laboratory").inner_text()
    for chart in ["accuracy", "cost"]:
        for kind in ["training", "test"]:
            (line,) = curve(page, kind, chart)
            assert "L" in line and "NaN" not in line, f"{chart}, {kind}: {line}"
    assert not page.troubles, page.troubles


def test_the_ghost_is_the_last_run_and_never_the_present_one(open_page):
    page = open_page(PAGE)
    train(page, **QUICK)
    first, row = {kind: curve(page, kind) for kind in ["training", "test"]}, scores(page)[0]
    assert curve(page, "ghost training") == [] and len(scores(page)) == 1, (
        "the present run is shown as a ghost: there was no run before")

    choose(page, Seed="7")
    page.wait_for_timeout(200)
    for kind, line in first.items():
        assert curve(page, f"ghost {kind}") == line, f"the ghost ({kind}) is not the run that was"
        assert "L" not in "".join(curve(page, kind)), f"an untrained network has a curve ({kind})"
    train(page)
    for kind, line in first.items():
        assert curve(page, f"ghost {kind}") == line, f"the ghost ({kind}) is shown as another run"
        assert curve(page, kind) != line, f"the ghost ({kind}) is shown as the present run"
    now, last = scores(page)
    assert [now[0], last[0]] == ["Now", "Last run"]
    assert last[1:] == row[1:], "the table's last run is not the run that was"
    assert now[1:] != row[1:], "the table shows the last run as the present one"
    present = page.evaluate("document.querySelector('.laboratory').laboratory.run.last.test.accuracy")
    assert now[3] == f"{100 * present:.1f}%"
    assert "seed 7" in page.locator(".names").inner_text().split("Last run")[0]


def test_every_control_works_by_keyboard(open_page):
    page = open_page(PAGE)
    page.locator(".laboratory").evaluate("place => place.querySelectorAll('details.group').forEach(group => group.open = true)")
    fields = page.locator(".laboratory .control").filter(visible=True)
    labels = fields.locator("label").all_inner_texts()
    assert len(labels) >= 20, labels
    page.locator(".laboratory select").first.focus()
    reached = []
    for _ in range(60):
        reached.append(page.evaluate("(document.activeElement.labels?.[0] ?? document.activeElement).textContent"))
        page.keyboard.press("Tab")
    for label in [*labels, "Start", "One step", "One epoch", "Reset", "Ten seeds", "As Keras code",
                  "The curves as a table", "Set it up", "A link to these settings"]:
        assert label in reached, f"Tab does not come to {label}"
    for label in labels:
        page.goto(page.url.split("#")[0] + "#preset=model1&optimizer=momentum")
        field = page.get_by_label(label, exact=True)
        before = field.input_value()
        last = field.evaluate("field => field.selectedIndex === field.options?.length - 1")
        field.focus()
        page.keyboard.press("ArrowUp" if last or label == "Seed" else "ArrowDown")
        page.keyboard.press("Tab")
        assert field.input_value() != before, f"the keyboard does not change {label}"
        if label != "Images still wrong, of":
            page.wait_for_function("words => !location.hash.endsWith(words)", arg="#preset=model1&optimizer=momentum")

    choose(page, **QUICK)
    state = "(laboratory => [laboratory.run.step, laboratory.run.epoch])(document.querySelector('.laboratory').laboratory)"
    for name, step in [("One step", 1), ("One step", 2), ("One epoch", 12)]:
        press(page, name)
        page.wait_for_function(f"({state})[0] === {step}")
    press(page, "Reset")
    page.wait_for_function(f"({state})[0] === 0")
    choose(page, Epochs="2000", **{"Training images": "500"})
    press(page, "Start")
    page.wait_for_function(f"({state})[1] > 2")
    press(page, "Pause")
    page.get_by_role("button", name="Go on").wait_for()
    for summary in page.locator(".laboratory summary").filter(visible=True).all():
        before = summary.evaluate("summary => summary.parentElement.open")
        summary.press("Enter")
        assert summary.evaluate("summary => summary.parentElement.open") != before, summary.inner_text()
    press(page, "Ten seeds")
    press(page, "Stop")
    page.get_by_role("button", name="Ten seeds").wait_for()
    assert not page.troubles, page.troubles


def test_the_address_keeps_the_settings(open_page):
    page = open_page(PAGE)
    address = ("#preset=model3&activation=leaky_relu&hidden=50&start=he_normal&l2=0.003&dropoutPixels=0.2&"
               "optimizer=nesterov&learningRate=0.25&momentum=0.8&pixels=scaled&seed=11&against=model1")
    page.goto(page.url + address)
    page.wait_for_timeout(100)
    shown = choices(page)
    assert shown["Learning rate"] == "0.25", "what only an address says is not in the menu"
    assert (shown["Start from"], shown["Activation"], shown["Seed"], shown["Compare with"]) == (
        "model3", "leaky_relu", "11", "model1")
    choose(page, Output="softmax")
    again = open_page(PAGE)
    again.goto(page.get_by_role("link", name="A link to these settings").evaluate("link => link.href"))
    found, kept = choices(again), {**shown, "Output": "softmax"}
    lost = {label: (value, found[label]) for label, value in kept.items() if found[label] != value}
    assert not lost, f"the address does not keep {lost}"
    assert not page.troubles + again.troubles


@pytest.mark.parametrize("address, words", [
    ("preset=model2", "There is no network called model2."),
    ("preset=model1&activation=step", "activation is one of"),
    ("preset=model1&dropoutUnits=1", "dropoutUnits is a probability below 1"),
    ("preset=model1&seed=x", "The seed is a whole number"),
    ("preset=model1&trainingImages=501", "There are 500 training images."),
    ("preset=model1&depth=3", "There is no setting called depth."),
    ("preset=model1&against=model9", "nothing called model9"),
])
def test_an_address_that_is_wrong_is_said_to_be(open_page, address, words):
    page = open_page(PAGE)
    page.goto(f"{page.url}#{address}")
    page.get_by_role("alert").filter(has_text=words).wait_for()
    train(page, **QUICK)


def test_presets_have_the_lectures_settings(open_page):
    import lecture

    page = open_page(PAGE)
    standard = inspect.signature(lecture.train).parameters
    for name in ["model1", "model3", "model4", "model5", "model6"]:
        choose(page, **{"Start from": name})
        shown = choices(page)
        improved = name in ("model5", "model6")   # lessons/batchnorm: Adam, batches of 100
        assert (shown["Cost"], shown["Optimizer"], float(shown["Learning rate"])) == (
            ("cross_entropy", "adam", 0.001) if improved else
            (standard["loss"].default, "sgd", standard["learning_rate"].default)), name
        assert (int(shown["Epochs"]), int(shown["Images in a batch"])) == (
            (100, 100) if improved else (standard["epochs"].default, standard["batch_size"].default)), name
        assert (shown["Hidden units"], shown["Pixels"], shown["Training images"], shown["Seed"]) == (
            "30", "raw", "500", str(seeds.SEED)), name


def test_ten_seeds_are_drawn_with_mean_and_interval(open_page):
    page = open_page(PAGE)
    train(page, Epochs="10", **{"Training images": "20"})
    choose(page, Pixels="scaled", **{"Learning rate": "1"})
    page.evaluate("""() => {
        window.said = {}
        for (const name of ["said", "trained"]) {
            said[name] = []
            new MutationObserver(() => said[name].push(document.querySelector("." + name).textContent))
              .observe(document.querySelector("." + name), {childList: true})
        }
    }""")
    press(page, "Ten seeds")
    page.get_by_role("status").filter(has_text="Ten seeds are done.").wait_for(state="attached")
    page.wait_for_timeout(200)
    said = page.evaluate("said")
    assert said["trained"] == [f"Ten seeds: {count} of 20 trained" for count in range(21)] + [""]
    assert said["said"][1] == "Ten seeds: 10 of 20 trained" and len(said["said"]) == 3
    found = page.evaluate("[...document.querySelector('.laboratory').laboratory.seedRuns.values()]"
                          ".map(runs => runs.map(run => run.test.accuracy))")
    now, last = np.array(found)
    assert now.shape == last.shape == (10,)
    assert len(set(now)) > 1, "ten seeds give one network"
    assert page.locator(".seeds circle.present").count() == page.locator(".seeds circle.ghost").count() == 10
    assert page.locator(".seeds path.interval").count() == 2
    words = page.locator(".seeds p").first.inner_text()
    for name, values in [("Now: mean", now), ("Last run: mean", last)]:
        mean, half = seeds.interval(values)
        assert f"{name} {100 * mean:.1f}% ± {100 * half:.1f}" in words
    mean, half = seeds.interval(now - last)
    assert f"{'+' if mean > 0 else '−'}{abs(100 * mean):.1f} ± {100 * half:.1f} points" in words
    page.get_by_text("The seeds as a table").press("Enter")
    rows = page.get_by_role("region", name="The seeds as a table").locator("tbody tr")
    rows.first.wait_for()
    assert rows.nth(3).inner_text().split("\t")[2] == f"{100 * now[3]:.1f}%"


def test_a_run_in_gray_trains_beside_the_present_one(open_page):
    page = open_page("lessons/regularization.html")
    page.evaluate("""Object.assign(document.querySelector('.laboratory').laboratory.choices, {epochs: "10"});
                     document.querySelector('.laboratory').laboratory.renew()""")
    page.locator(".actions .main").press("Enter")
    page.wait_for_function("document.querySelector('.laboratory').laboratory.run.done")
    page.wait_for_function("document.querySelector('.laboratory').laboratory.rival.epoch > 10")
    page.locator(".actions .main").press("Enter")
    now, rival = scores(page)
    assert (now[0], rival[0]) == ("Now", "model1")
    assert curve(page, "ghost training") and curve(page, "training")


def test_progress_is_said_sparingly(open_page):
    page = open_page(PAGE)
    page.evaluate("""window.said = [];
        new MutationObserver(() => said.push(document.querySelector('.said').textContent))
          .observe(document.querySelector('.said'), {childList: true})""")
    train(page, Epochs="300", **{"Training images": "50"})
    said = page.evaluate("said")
    assert said[0] == "Loading the images." and said[-1].startswith("Done.")
    assert 3 <= len(said) <= 7, f"a live region that says {len(said)} things: {said}"


@pytest.mark.alone
def test_the_page_answers_while_it_trains(open_page):
    page = open_page(PAGE)
    page.evaluate("""window.longest = 0; window.before = performance.now();
        (function frame() {
          const now = performance.now(); longest = Math.max(longest, now - before); before = now;
          requestAnimationFrame(frame) })()""")
    choose(page, Epochs="1000")
    press(page, "Start")
    page.wait_for_function("document.querySelector('.laboratory').laboratory.run.epoch > 5")
    page.evaluate("longest = 0")
    page.get_by_text("The curves as a table").press("Enter")
    page.get_by_label("Images still wrong, of").select_option("test")
    page.wait_for_timeout(2500)
    assert page.evaluate("document.querySelector('.laboratory').laboratory.running"), "it has stopped"
    assert (longest := page.evaluate("longest")) < 500, f"the page stood still for {longest:.0f} ms"


def test_it_says_when_its_images_are_a_stand_in(open_page):
    page = open_page(PAGE)
    page.evaluate("""() => { const unpack = laboratoryUnpack;
        laboratoryUnpack = async packed => ({...await unpack(packed), source: "stand-in"}) }""")
    train(page, **QUICK)
    assert "These are not MNIST's images" in page.locator(".source").inner_text()


def test_it_says_when_its_images_do_not_come(open_page, tmp_path):
    (tmp_path / PAGE).write_bytes((SITE / PAGE).read_bytes())
    (tmp_path / "_static/laboratory").mkdir(parents=True)
    for path in [*(SITE / "_static").iterdir(), *(SITE / "_static/laboratory").iterdir()]:
        if path.name not in ("laboratory", "data.js"):
            (tmp_path / path.relative_to(SITE)).symlink_to(path.resolve())
    page = open_page(PAGE)
    page.goto((tmp_path / PAGE).as_uri())
    press(page, "Start")
    page.get_by_role("alert").filter(has_text="The images did not load").wait_for()
    assert page.get_by_role("button", name="Start", exact=True).is_visible()


# ---- As Keras code ---------------------------------------------------------------------------------


def code_for(page, address):
    page.goto(page.url.split("#")[0] + "#" + address)
    page.wait_for_timeout(100)
    return page.evaluate("""(({run, sources}) => laboratoryCode(run.settings, run.seed, sources))
                            (document.querySelector('.laboratory').laboratory)""")


@pytest.mark.parametrize("name", ["model1", "model3", "model4", "model5", "model6"])
def test_the_lectures_networks_are_shown_from_their_files(open_page, name):
    page = open_page(PAGE)
    page.get_by_text("As Keras code", exact=True).last.press("Enter")
    code = code_for(page, f"preset={name}")
    assert f"import {name}\n" in code and f"model = {name}.get_model(30" in code
    assert (ROOT / f"code/{name}.py").read_text(encoding="utf8").strip() in code
    page.get_by_role("region", name="As Keras code").get_by_text(f"import {name}").wait_for()


@pytest.mark.parametrize("address, layers, optimizer, loss", [
    ("preset=model3&l2=0.003", ["hidden", "output"], "SGD", "mean_squared_error"),
    ("preset=model4&optimizer=nesterov&momentum=0.8", ["hidden", "dropout", "output"], "SGD", "mean_squared_error"),
    ("preset=model6&batchNormalization=before&pixels=scaled&trainingImages=100",
     ["hidden", "batch_normalization", "activation", "output"], "Adam", "categorical_crossentropy"),
    ("preset=model1&activation=selu&start=lecun_normal&l1=0.001&l2=0.0001&dropoutPixels=0.2&dropoutUnits=0.5"
     "&cost=cross_entropy&optimizer=rmsprop&hidden=50&batchSize=20&epochs=30",
     ["dropout_pixels", "hidden", "dropout", "output"], "RMSprop", "binary_crossentropy"),
    ("preset=model1&start=large&activation=leaky_relu&optimizer=momentum", ["hidden", "output"], "SGD",
     "mean_squared_error"),
    ("preset=model1&start=zeros&learningRate=0.3", ["hidden", "output"], "SGD", "mean_squared_error"),
])
def test_the_code_is_the_network_that_trains(open_page, monkeypatch, address, layers, optimizer, loss):
    """Run the code, but for the training itself, and compare what it builds with the settings."""
    import lecture
    import training

    page = open_page(PAGE)
    code = code_for(page, address)
    settings = page.evaluate("document.querySelector('.laboratory').laboratory.run.settings")
    for line in code.splitlines():
        assert len(line) <= 88, line
    trained = {}

    def fit(model, x, y, **options):
        trained.update(options, model=model, x=x)

    images = [(np.full((n, 784), 255, "float32"), np.eye(10, dtype="float32")[np.arange(n) % 10])
              for n in [500, 5, 5]]
    monkeypatch.setattr(training, "fit", fit)
    monkeypatch.setattr(lecture, "load_data", lambda: images)
    exec(code, {})
    model = trained["model"]
    assert [re.sub(r"_\d+$", "", layer.name) for layer in model.layers] == layers   # Keras counts its names
    hidden = model.get_layer("hidden")
    assert hidden.units == settings["hidden"][0]
    activation = model.layers[2] if "activation" in layers else hidden
    assert activation.activation.__name__ == settings["activation"]
    assert model.get_layer("output").activation.__name__ == settings["output"]
    for layer in [hidden, model.get_layer("output")]:
        penalty = layer.kernel_regularizer
        assert [float(getattr(penalty, name, 0)) for name in ("l1", "l2")] == pytest.approx(
            [settings["l1"], settings["l2"]])
    for name, rate in [("dropout", "dropoutUnits"), ("dropout_pixels", "dropoutPixels")]:
        assert (model.get_layer(name).rate if name in layers else 0) == settings[rate]
    start = hidden.kernel.numpy()
    if settings["start"] == "zeros":
        assert not start.any()
    else:
        fans = {"glorot": 2 / (784 + hidden.units), "he": 2 / 784, "lecun": 1 / 784}
        deviation = settings["startFactor"] * np.sqrt(fans[settings["start"].split("_")[0]])
        assert start.std() == pytest.approx(deviation, rel=0.03)
    assert type(model.optimizer).__name__ == optimizer
    assert float(model.optimizer.learning_rate) == pytest.approx(settings["learningRate"])
    if settings["optimizer"] in ("momentum", "nesterov"):
        assert model.optimizer.momentum == settings["momentum"]
        assert model.optimizer.nesterov == (settings["optimizer"] == "nesterov")
    assert model.loss == loss
    assert (trained["batch_size"], trained["epochs"]) == (settings["batchSize"], settings["epochs"])
    assert trained["x"].shape == (settings["trainingImages"], 784)
    assert trained["x"].max() == (1 if settings["pixels"] == "scaled" else 255)


# ---- Pages -----------------------------------------------------------------------------------------


def loaded(page, name):
    """Return the files that a page asks for, the page too."""
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((SITE / name).as_uri())
    page.wait_for_load_state("networkidle")
    return [Path(unquote(urlsplit(address).path)) for address in dict.fromkeys(asked) if address.startswith("file:")]


def test_the_first_load_is_light(open_page):
    files = loaded(open_page("index.html"), PAGE)
    assert not [file for file in files if file.name == "data.js"], "the images come before one asks for them"
    sizes = {file.name: len(file.read_bytes() if file.suffix == ".woff2" else gzip.compress(file.read_bytes()))
             for file in files}
    total = sum(sizes.values())
    assert total <= FIRST_LOAD, (f"{total:,} bytes, compressed; the largest: "
                                 f"{sorted(sizes.items(), key=lambda item: -item[1])[:8]}")


@pytest.mark.skipif(not SITE.exists(), reason="needs the site: make book")
def test_pages_without_a_laboratory_load_nothing_of_it():
    for path in SITE.rglob("*.html"):
        text = path.read_text(encoding="utf8")
        for kind, room in [("laboratory", "_static/laboratory/laboratory.js"),
                           ("explorable", "_static/explorables/")]:
            if f'<div class="{kind}"' in text:
                assert room in text, f"{path.name} has no script for its {kind}"
            else:
                assert room not in text, f"{path.name} loads {room} for nothing"
        if not re.search('<div class="(laboratory|explorable)"', text):
            assert "_static/laboratory" not in text, f"{path.name} loads the laboratory for nothing"


def test_pages_get_what_their_elements_need(tmp_path):
    book = SmallBook(tmp_path)
    book.lessons()   # none
    book.copy("code")
    book.write("index.md", "# The book\n\n:::{laboratory} model3\n:controls: l2 seed\n:against: model1\n:::\n")
    book.write("figure.md", '# A figure\n\nWords.\n\n<div class="explorable" data-name="race"></div>\n')
    book.write("wrong.md", '# Wrong\n\n<div class="laboratory" data-preset="model9"></div>\n')
    book.write("_toc.yml", "format: jb-book\nroot: index\nchapters:\n- file: figure\n- file: wrong\n")
    succeeded, printed = book.build()
    assert not succeeded and re.search(r"wrong\.md.*there is no model9\.py", printed), printed
    book.write("wrong.md", "# Plain\n\nNothing that moves.\n")
    succeeded, printed = book.build()
    assert succeeded, printed
    for name, rooms in [("index", {"laboratory"}), ("figure", {"laboratory", "explorables"}), ("wrong", set())]:
        assert set(re.findall(r'"_static/(laboratory|explorables)/', book.page(name))) == rooms, name
    assert '<div class="laboratory" data-against="model1" data-controls="l2 seed"' in book.page("index")
    assert (tmp_path / "_build/html/_static/laboratory/data.js").exists()


@pytest.mark.parametrize("lesson", IN_LESSONS)
def test_laboratory_in_a_lesson_trains_and_leads_to_the_page(open_page, lesson):
    page = open_page(f"lessons/{lesson}.html")
    page.locator(".laboratory .actions .main").press("Enter")
    page.wait_for_function("document.querySelector('.laboratory').laboratory.run.epoch > 1")
    page.locator(".laboratory .actions .main").press("Enter")
    here = page.evaluate("document.querySelector('.laboratory').laboratory.run.settings")
    page.get_by_role("link", name="Open these settings in the laboratory").press("Enter")
    page.wait_for_url("**/laboratory.html#*")
    there = page.wait_for_function("document.querySelector('.laboratory')?.laboratory?.run.settings").json_value()
    assert there == here
    assert not page.troubles, page.troubles


def test_without_scripts_there_are_words(open_page):
    for name, kind in [(PAGE, "laboratory"), ("lessons/dropout.html", "laboratory"),
                       ("lessons/optimizers.html", "explorable")]:
        page = open_page(name, java_script_enabled=False)
        words = page.locator(f"div.{kind}").inner_text()
        assert "needs JavaScript" in words and "{" not in words, words


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("mode", ["light", "dark"])
def test_a_laboratory_in_use_is_accessible(open_page, width, mode):
    page = open_page(PAGE, width, mode)
    page.evaluate("document.querySelectorAll('.laboratory details').forEach(details => details.open = true)")
    train(page, **QUICK)
    train(page, Seed="7")
    press(page, "Ten seeds")
    page.get_by_role("status").filter(has_text="Ten seeds are done.").wait_for(state="attached")
    page.wait_for_timeout(300)
    found = Axe().run(page)
    assert not found.violations_count, found.generate_report()[:3000]
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= width, f"{wide} wide on a screen of {width}"
    for target in page.locator(".laboratory :is(button, select, input, summary, a)").filter(visible=True).all():
        box = target.bounding_box()
        assert min(box["width"], box["height"]) >= 24, f"{target.inner_text()!r} is {box} for a finger"


def test_focus_can_be_seen_in_the_laboratory(open_page):
    page = open_page(PAGE)
    for control in ["select", "button", "input", "summary", ".link a"]:
        target = page.locator(f".laboratory {control}").filter(visible=True).first
        target.scroll_into_view_if_needed()
        box = target.bounding_box()
        clip = {"x": max(box["x"] - 8, 0), "y": max(box["y"] - 8, 0),
                "width": box["width"] + 16, "height": box["height"] + 16}
        page.evaluate("document.activeElement.blur()")
        before = page.screenshot(clip=clip)
        page.keyboard.press("Tab")   # so that focus counts as the keyboard's
        target.focus()
        assert page.screenshot(clip=clip) != before, f"focus on {control} cannot be seen"


# ---- The explorables -------------------------------------------------------------------------------


def test_one_unit_steps_as_the_lesson_says(open_page):
    page = open_page("lessons/cross-entropy.html")
    figure = page.locator(".explorable")
    slider = figure.get_by_label("Input z of the unit")
    slider.focus()
    page.keyboard.press("End")
    assert slider.input_value() == "9"
    for _ in range(10):
        page.keyboard.press("ArrowLeft")
    assert slider.input_value() == "8"
    shown = {row[0]: [float(number) for number in row[1:]] for row in
             (row.inner_text().split("\t") for row in figure.locator("tbody tr").all())}
    sigmoid = 1 / (1 + np.exp(-8))
    costs = {"squared error": (sigmoid**2 / 2, lambda a: a * a * (1 - a)),
             "cross-entropy": (-np.log(1 - sigmoid), lambda a: a)}
    for name, (cost, slope) in costs.items():
        z = 8
        for _ in range(20):   # w and b move by 0.15 times the slope each, and z by both
            z -= 2 * 0.15 * slope(1 / (1 + np.exp(-z)))
        assert shown[name] == pytest.approx([cost, slope(sigmoid), 1 / (1 + np.exp(-z))], abs=1e-4), name
    chart = figure.locator(".movable").first
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    page.mouse.click(box["x"] + 54 + (box["width"] - 72) * 0.4, box["y"] + 60)
    assert float(slider.input_value()) == pytest.approx(0, abs=0.11), "a click does not move the point"
    assert not page.troubles


def test_optimizers_race_as_in_the_lesson(open_page):
    lesson = nbformat.read(ROOT / "lessons/optimizers.ipynb", as_version=4)
    printed = {name: (int(steps), float(rate)) for cell in lesson.cells if cell.cell_type == "code"
               for output in cell.outputs for name, steps, rate in re.findall(
                   r"^(\S.*?) +(\d+) gradients +rate (\S+)", output.get("text", ""), re.M)}
    assert len(printed) == 5, "the lesson prints its steps in another way"
    page = open_page("lessons/optimizers.html")
    figure = page.locator(".explorable")
    figure.get_by_role("button", name="Start").press("Enter")
    figure.get_by_role("button", name="Start again").wait_for()
    rows = [row.inner_text().split("\t") for row in figure.locator("tbody tr").all()]
    assert [row[0] for row in rows] == list(printed)
    for name, rate, steps, _, state in rows:
        # Keras's Nesterov keeps the point ahead, which is at the goal a step earlier or later
        assert abs(int(steps.replace(",", "")) - printed[name][0]) <= (name == "Nesterov"), name
        assert (float(rate), state) == (printed[name][1], "at the goal")
    figure.get_by_label("Momentum of M and N").select_option("0")
    for name in ["M: momentum, rate", "G: gradient descent, rate"]:
        figure.get_by_label(name).select_option("0.001")
    for name in ["Nesterov", "RMSprop", "Adam"]:
        figure.get_by_label(f"{name} takes part").press("Space")
    for _ in range(3):
        figure.get_by_role("button", name="One step").press("Enter")
    first, second = [row.inner_text().split("\t") for row in figure.locator("tbody tr").all()]
    assert first[1:] == second[1:] and first[2] == "3", "without momentum it is gradient descent"
    assert not page.troubles


def test_the_race_moves_only_for_those_who_want_movement(open_page):
    for motion, at_once in [("reduce", True), ("no-preference", False)]:
        page = open_page("lessons/optimizers.html")
        page.emulate_media(reduced_motion=motion)
        page.reload()
        figure = page.locator(".explorable")
        figure.get_by_role("button", name="Start").click()
        states = figure.locator("tbody td:last-child").all_inner_texts()
        assert all(state == "at the goal" for state in states) == at_once, f"{motion}: {states}"
