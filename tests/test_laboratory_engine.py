"""The laboratory's network beside Keras: the same weights and batches, in Chromium and in TensorFlow."""

import base64
import os
import re

import laboratory_data
import mnist   # before Keras: it silences the start-up notices

import keras
import numpy as np
import pytest
from keras import layers, regularizers
from scipy import stats

LABORATORY = laboratory_data.ROOT / "_static/laboratory"
BOUND = 1e-4   # of the norm of Keras's array
SCRIPTS = {name: (LABORATORY / name).read_text(encoding="utf8") for name in ["network.js", "training.js"]}

# In the page: arrays travel as base64, since as numbers in JSON they take seconds.
HELPERS = """
const bytes = text => Uint8Array.from(atob(text), c => c.charCodeAt(0));
const floats = text => new Float32Array(bytes(text).buffer);
const text = array => {
  const view = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  let found = "";
  for (let k = 0; k < view.length; k += 8192) found += String.fromCharCode(...view.subarray(k, k + 8192));
  return btoa(found);
};
const {Network, prepare} = laboratoryNetwork();

/** The network's arrays in the order in which Keras names them. */
const arraysOf = network =>
  network.weights.flatMap(({inputs, units, ...arrays}) => Object.values(arrays));

const make = (settings, weights, seed = 0) => {
  const network = new Network(settings, seed);
  arraysOf(network).forEach((array, k) => array.set(floats(weights[k])));
  return network;
};

const pick = (images, order) => {
  const x = new Float32Array(order.length * 784);
  order.forEach((image, k) => x.set(images.x.subarray(image * 784, image * 784 + 784), k * 784));
  return {x, labels: Uint8Array.from(order, image => images.labels[image]), n: order.length};
};

/** Train in workers to the end; return all messages. */
const train = options => new Promise(resolve => {
  const messages = [];
  const training = laboratoryTraining({data, ...options, onMessage(message) {
    messages.push(message);
    if (message.type === "finished" || message.type === "error") { training.close(); resolve(messages); }
  }});
  training.start();
});
const settle = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds));
const fast = {pixels: "scaled", learningRate: 1, epochs: 25, trainingImages: 100, hidden: [10],
               dropoutUnits: 0.1};
"""


@pytest.fixture(scope="session")
def loaded():
    return laboratory_data.load()


@pytest.fixture(scope="session")
def images(loaded):
    """The laboratory's images: (x, y), training and test, uint8 and digits, as the lessons load them."""
    x, labels, n = loaded[0].reshape(-1, 784), loaded[1], laboratory_data.TRAINING
    return (x[:n], labels[:n]), (x[n:], labels[n:])


@pytest.fixture(scope="session")
def packed(loaded):
    return laboratory_data.pack(*loaded)


@pytest.fixture(scope="session")
def open_laboratory(browser, packed, tmp_path_factory):
    """A function: a page from the file system with these scripts and, in `data`, the images."""
    pages = []

    def open_laboratory(scripts):
        folder = tmp_path_factory.mktemp("laboratory")
        files = {**scripts, "data.js": packed, "helpers.js": HELPERS}
        for name, script in files.items():
            (folder / name).write_text(script, encoding="utf8")
        tags = "".join(f'<script src="{name}"></script>' for name in files)
        (folder / "page.html").write_text(f"<!doctype html><meta charset=utf-8>{tags}", encoding="utf8")
        pages.append(browser.new_page())
        pages[-1].goto((folder / "page.html").as_uri())
        pages[-1].evaluate("async () => { window.data = await laboratoryUnpack(laboratoryData); }")
        return pages[-1]

    yield open_laboratory
    for page in pages:
        page.close()


@pytest.fixture(scope="session")
def page(open_laboratory):
    """The laboratory's scripts in a page."""
    return open_laboratory(SCRIPTS)


def as_text(array):
    return base64.b64encode(np.ascontiguousarray(array, "float32").tobytes()).decode()


def as_array(text, like):
    return np.frombuffer(base64.b64decode(text), "float32").reshape(like.shape)


# ---- Keras's network of the same settings -----------------------------------------------------------

DEFAULTS = {"pixels": "scaled", "hidden": [30], "activation": "sigmoid", "output": "sigmoid",
            "cost": "mean_squared_error", "optimizer": "sgd", "learningRate": 1.0, "momentum": 0.9,
            "l1": 0, "l2": 0, "batchNormalization": "none", "batchSize": 5}

OPTIMIZERS = {
    "sgd": lambda rate, momentum: keras.optimizers.SGD(rate),
    "momentum": lambda rate, momentum: keras.optimizers.SGD(rate, momentum=momentum),
    "nesterov": lambda rate, momentum: keras.optimizers.SGD(rate, momentum=momentum, nesterov=True),
    "rmsprop": lambda rate, momentum: keras.optimizers.RMSprop(rate),
    "adam": lambda rate, momentum: keras.optimizers.Adam(rate),
}


class Masks(keras.layers.Layer):
    """Dropout whose masks are given, one for each step: keras.layers.Dropout's arithmetic."""

    def __init__(self, masks, rate):
        super().__init__()
        self.masks, self.rate = keras.ops.convert_to_tensor(masks), rate
        self.at = self.add_weight(shape=(), dtype="int32", trainable=False, initializer="zeros")

    def call(self, x, training=False):
        if not training:
            return x
        mask = keras.ops.take(self.masks, self.at.value, axis=0)
        self.at.assign_add(1)
        return x * mask / (1 - self.rate)


def keras_network(settings, after_pixels=(), after_hidden=()):
    """Return the compiled Keras network of the laboratory's settings."""
    penalty = dict(kernel_regularizer=regularizers.L1L2(settings["l1"], settings["l2"]))
    inside = []
    for units in settings["hidden"]:
        inside += [layers.Dense(units, **penalty), layers.Activation(settings["activation"])]
        place = {"before": len(inside) - 1, "after": len(inside)}
        if settings["batchNormalization"] != "none":
            inside.insert(place[settings["batchNormalization"]], layers.BatchNormalization())
        inside += after_hidden
    model = keras.Sequential([keras.Input((784,)), *after_pixels, *inside,
                              layers.Dense(10, activation=settings["output"], **penalty)])
    cost = settings["cost"].replace(
        "cross", {"sigmoid": "binary_cross", "softmax": "categorical_cross"}[settings["output"]]
    ).replace("_cross_entropy", "_crossentropy")
    model.compile(OPTIMIZERS[settings["optimizer"]](settings["learningRate"], settings["momentum"]),
                  loss=cost, metrics=["accuracy"], jit_compile=False)
    model.optimizer.build(model.trainable_variables)
    return model


def weights_of(model):
    """Return the layers' arrays, those of batch normalization behind their dense layer's."""
    return [array for layer in model.layers if not isinstance(layer, Masks)
            for array in layer.get_weights()]


def keras_images(images, settings):
    x, labels = images
    return (x.astype("float32") / np.float32(255 if settings["pixels"] == "scaled" else 1),
            np.eye(10, dtype="float32")[labels])


def without_idle_bias(arrays, settings):
    """Leave out the bias before a normalization, which takes it out: rounding alone moves it."""
    return arrays[:1] + arrays[2:] if settings["batchNormalization"] == "before" else arrays


def check_arrays(ours, theirs, what):
    """Fail unless each array of ours is Keras's, but for BOUND of its norm."""
    assert len(ours) == len(theirs)
    for number, (text, array) in enumerate(zip(ours, theirs)):
        distance = np.linalg.norm(as_array(text, array) - array) / np.linalg.norm(array)
        assert distance <= BOUND, (
            f"{what}: array {number}, {array.shape}, is off by {distance:.1e} of its norm")


# ---- Two hundred steps on scaled pixels ---------------------------------------------------------------

IMPROVED = {"activation": "tanh", "output": "softmax", "cost": "cross_entropy", "optimizer": "adam",
            "learningRate": 0.001, "batchSize": 100}

CASES = {
    **{name: {"activation": name, "learningRate": 0.3} for name in
       ["sigmoid", "tanh", "relu", "leaky_relu", "softplus", "selu", "linear"]},
    "softmax": {"output": "softmax"},
    "binary cross-entropy": {"cost": "cross_entropy"},
    "categorical cross-entropy": {"output": "softmax", "cost": "cross_entropy", "learningRate": 0.1},
    "momentum": {"optimizer": "momentum", "learningRate": 0.1},
    "nesterov": {"optimizer": "nesterov", "learningRate": 0.1},
    "rmsprop": {"optimizer": "rmsprop", "learningRate": 0.001},
    "adam": {"optimizer": "adam", "learningRate": 0.001},
    "L1": {"l1": 1e-4},
    "L2": {"l2": 1e-3},
    "L1 and L2": {"l1": 1e-4, "l2": 1e-3},
    "batch normalization after": {"batchNormalization": "after", "activation": "tanh", "batchSize": 20},
    "batch normalization before": {"batchNormalization": "before", "activation": "tanh", "batchSize": 20},
    "three layers": {"hidden": [30, 20, 10], "activation": "tanh"},
    "no hidden layer": {"hidden": []},
    "model5": IMPROVED,
    "model6": {**IMPROVED, "batchNormalization": "after"},
}


def check_training(page, images, case):
    """Train as Keras does for 200 steps; compare weights, what fit prints, and what evaluate does."""
    settings = {**DEFAULTS, **CASES[case]}
    keras.utils.set_random_seed(0)
    model = keras_network(settings)
    start = list(map(as_text, weights_of(model)))
    order = np.random.default_rng(0).integers(0, len(images[0][0]), 200 * settings["batchSize"])
    x, y = keras_images(images[0], settings)
    history = model.fit(x[order], y[order], batch_size=settings["batchSize"], shuffle=False,
                        verbose=0).history
    found = page.evaluate("""({settings, start, order}) => {
        const network = make({...settings, shuffle: false}, start);
        const row = network.trainEpoch(pick(prepare(data.training, settings), order));
        const test = network.measure(prepare(data.test, settings));
        return {row, test, weights: arraysOf(network).map(text)};
    }""", {"settings": settings, "start": start, "order": order.tolist()})
    check_arrays(*[without_idle_bias(arrays, settings)
                   for arrays in (found["weights"], weights_of(model))], case)
    evaluated = model.evaluate(*keras_images(images[1], settings), batch_size=500, verbose=0)
    printed = {"epoch": 1, "cost": history["loss"][0], "accuracy": history["accuracy"][0]}
    assert found["row"] == pytest.approx(printed, rel=1e-4), f"{case}: what fit prints"
    assert found["test"]["cost"] == pytest.approx(evaluated[0], rel=1e-4), f"{case}: test cost"
    # an image on the border between two digits may fall to either side
    assert abs(found["test"]["accuracy"] - evaluated[1]) < 1.5 / 2000, f"{case}: test accuracy"


@pytest.mark.parametrize("case", CASES)
def test_two_hundred_steps_are_kerass(page, images, case):
    check_training(page, images, case)


# ---- Single steps on raw pixels, where trajectories are chaotic ---------------------------------------

STEPS = 12
STEP_BOUND = 0.02   # of the norm of Keras's step: saturated units leave little of it but rounding


def remembered(optimizer):
    """Return what the optimizer knows of each trainable array: its velocities and its mean squares."""
    if isinstance(optimizer, keras.optimizers.SGD):
        return optimizer.momentums, []
    if isinstance(optimizer, keras.optimizers.RMSprop):
        return [], optimizer._velocities
    return optimizer._momentums, optimizer._velocities


@pytest.mark.parametrize("case", CASES)
def test_single_steps_on_raw_pixels_are_kerass(page, images, case):
    settings = {**DEFAULTS, "learningRate": 0.01, **CASES[case], "pixels": "raw"}
    keras.utils.set_random_seed(0)
    model = keras_network(settings)
    x, y = keras_images(images[0], settings)
    orders = np.random.default_rng(0).integers(0, len(x), (STEPS, settings["batchSize"]))
    given, after = [], []
    for order in orders:
        velocity, square = [[as_text(variable.numpy()) for variable in variables]
                            for variables in remembered(model.optimizer)]
        given.append({"start": list(map(as_text, weights_of(model))), "order": order.tolist(),
                      "velocity": velocity, "square": square})
        before = weights_of(model)
        model.train_on_batch(x[order], y[order])
        after.append((before, weights_of(model)))
    found = page.evaluate("""({settings, given}) => given.map((step, t) => {
        const network = make(settings, step.start);
        for (const name of ["velocity", "square"])
          step[name].forEach((array, k) => network.parameters[k][name].set(floats(array)));
        network.steps = t;
        const {x, labels, n} = pick(prepare(data.training, settings), step.order);
        network.step(x, labels, n);
        return arraysOf(network).map(text);
    })""", {"settings": settings, "given": given})
    for t, (ours, (before, theirs)) in enumerate(zip(found, after)):
        what = f"{case}, step {t + 1}"
        ours, before, theirs = [without_idle_bias(arrays, settings) for arrays in (ours, before, theirs)]
        check_arrays(ours, theirs, what)
        for number, (text, old, new) in enumerate(zip(ours, before, theirs)):
            # a step may be so small beside the weights that the bound above holds without it
            apart, moved = np.linalg.norm(as_array(text, new) - new), np.linalg.norm(new - old)
            assert apart <= STEP_BOUND * moved + 1e-7 * np.linalg.norm(new), (
                f"{what}: array {number}'s step is off by {apart / moved:.1e} of its norm")


# ---- Dropout, starts and the order of the images ------------------------------------------------------

def check_dropout(page, images):
    """Train with the masks that the page draws, 200 steps; let Keras take the same; look at the masks."""
    settings = {**DEFAULTS, "dropoutPixels": 0.2, "dropoutUnits": 0.4}
    order = np.random.default_rng(0).integers(0, len(images[0][0]), 1000)
    found = page.evaluate("""({settings, order}) => {
        const network = new Network({...settings, shuffle: false}, 1);
        const start = arraysOf(network).map(text), masks = [];
        for (const layer of network.layers.filter(layer => layer.mask)) {
          const drawn = [], draw = layer.draw;
          masks.push(drawn);
          layer.draw = function (count) { draw.call(this, count); drawn.push(this.mask.slice()); };
        }
        network.trainEpoch(pick(prepare(data.training, settings), order));
        const joined = masks.map(drawn => {
          const all = new Float32Array(drawn.length * drawn[0].length);
          drawn.forEach((mask, k) => all.set(mask, k * mask.length));
          return text(all);
        });
        return {start, masks: joined, weights: arraysOf(network).map(text)};
    }""", {"settings": settings, "order": order.tolist()})
    masks = [as_array(text, np.empty((200, 5, units))) for text, units in zip(found["masks"], [784, 30])]
    pixels, units = [Masks(np.float32(mask > 0), rate) for mask, rate in zip(masks, [0.2, 0.4])]
    model = keras_network(settings, [pixels], [units])
    at = iter(found["start"])
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dense):
            layer.set_weights([as_array(next(at), array) for array in layer.get_weights()])
    x, y = keras_images(images[0], settings)
    model.fit(x[order], y[order], batch_size=5, shuffle=False, verbose=0)
    check_arrays(found["weights"], weights_of(model), "dropout")
    for mask, p in zip(masks, [0.2, 0.4]):
        scatter = np.sqrt(p / (1 - p) / mask.size)   # of the mean of so many
        mask = mask.astype("float64")
        assert np.mean(mask) == pytest.approx(1, abs=4 * scatter), f"dropout {p}: mean of the masks"
        assert np.var(mask) == pytest.approx(p / (1 - p), rel=0.02), f"dropout {p}: their variance"


def test_dropout_is_kerass_with_the_same_masks(page, images):
    check_dropout(page, images)


@pytest.mark.parametrize("start", [f"{name}_{distribution}" for name in ["glorot", "he", "lecun"]
                                   for distribution in ["uniform", "normal"]])
def test_starts_have_kerass_distribution(page, start):
    kernels = page.evaluate("""start => [1, 255].map(startFactor => [6, 7].map(seed =>
        text(new Network({start, startFactor}, seed).weights[0].kernel)))""", start)
    (ours, other), (large, _) = [[as_array(text, np.empty(784 * 30)) for text in pair]
                                 for pair in kernels]
    keras.utils.set_random_seed(0)
    theirs = np.ravel(keras.initializers.get(start)((784, 30)))
    assert stats.ks_2samp(ours, theirs).pvalue > 0.001, f"{start}: another distribution"
    assert np.var(ours) == pytest.approx(np.var(theirs), rel=0.05), f"{start}: another variance"
    assert np.abs(ours).max() == pytest.approx(np.abs(theirs).max(), rel=0.02), f"{start}: other limits"
    assert np.allclose(large, 255 * ours, rtol=1e-5), "startFactor"
    assert abs(np.corrcoef(ours, other)[0, 1]) < 0.03, "two seeds share their numbers"


def check_order(page):
    """Each epoch takes each image once, in an order that the seed gives, and in another in each epoch."""
    found = page.evaluate("""() => [[6, true], [6, true], [7, true], [6, false], [6, true, 0.5]].map(
      ([seed, shuffle, dropoutUnits = 0]) => {
        const network = new Network({shuffle, dropoutUnits, hidden: [2]}, seed), seen = [];
        const all = prepare(data.training, network.settings);
        for (let image = 0; image < all.n; image++) all.x[image * 784] = image;   // a mark in a corner
        const step = network.step;
        network.step = function (x, labels, n) {
          for (let b = 0; b < n; b++) seen.push(x[b * 784]);
          return step.call(this, x, labels, n);
        };
        for (let epoch = 0; epoch < 2; epoch++) network.trainEpoch(all);
        return {seen, start: text(network.weights[0].kernel)};
      })""")
    orders = [np.reshape(run["seen"], (2, 500)) for run in found]
    same, again, other, plain, dropped = orders
    assert all((np.sort(order) == np.arange(500)).all() for order in orders), "an epoch leaves images out"
    assert (plain == np.arange(500)).all(), "shuffled, though shuffle is false"
    assert not (same[0] == plain[0]).all(), "the images are not shuffled"
    assert not (same[0] == same[1]).all(), "the order is the same in each epoch"
    assert (same == again).all(), "the same seed gives another order"
    assert not (same == other).all(), "another seed gives the same order"
    assert (same == dropped).all(), "with dropout the images come in another order"


def test_images_are_shuffled_by_the_seed(page):
    check_order(page)


# ---- Faults that the tests above must see -------------------------------------------------------------

FAULTS = {
    "a sign in momentum": (
        "= momentum * velocity[k] - learningRate * gradient[k];\n        value[k] += velocity[k];",
        "= momentum * velocity[k] + learningRate * gradient[k];\n        value[k] += velocity[k];",
        lambda page, images: check_training(page, images, "momentum"), "momentum: array 0"),
    "L2 with a factor 1/2": (
        "share * 2 * l2", "share * l2",
        lambda page, images: check_training(page, images, "L2"), "L2: array 0"),
    "dropout without rescaling": (
        "0 : 1 / (1 - this.rate)", "0 : 1", check_dropout, "dropout: array 0"),
    "the wrong variance in batch normalization": (
        "** 2 / n;", "** 2 / (n - 1);",
        lambda page, images: check_training(page, images, "batch normalization after"),
        "batch normalization after: array 0"),
    "shuffling lost": (
        "this.settings.shuffle)", "false)", lambda page, images: check_order(page), "are not shuffled"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_in_a_copy_is_seen(open_laboratory, images, fault):
    right, wrong, check, message = FAULTS[fault]
    assert SCRIPTS["network.js"].count(right) == 1, f"network.js has changed: {right}"
    page = open_laboratory({**SCRIPTS, "network.js": SCRIPTS["network.js"].replace(right, wrong)})
    with pytest.raises(AssertionError, match=message):
        check(page, images)


# ---- The images ---------------------------------------------------------------------------------------

def test_images_arrive_to_the_byte_and_are_small(page, images, packed):
    found = page.evaluate("""() => [data.training, data.test].map(({pixels, labels}) =>
        [text(pixels), text(labels)])""")
    for (x, labels), texts in zip(images, found):
        assert [base64.b64decode(text) for text in texts] == [x.tobytes(), labels.tobytes()]
    assert f'"source":"{mnist.source}"' in packed
    if mnist.source == "MNIST":   # the stand-in has more gray in it
        assert len(packed) <= 450_000, f"{len(packed)} bytes are much for a phone"


def test_settings_that_make_no_network_are_refused_in_a_sentence(page):
    wrong = [{"rate": 1}, {"optimizer": "adamw"}, {"learningRate": -1}, {"dropoutUnits": 1},
             {"hidden": [0]}, {"hidden": 30}, {"batchSize": 2.5}, {"l2": None}]
    messages = page.evaluate("""wrong => wrong.map(settings => {
        try { laboratoryNetwork().complete(settings); } catch (error) { return error.message; }
        return "accepted";
    })""", wrong)
    assert all(re.fullmatch(r"[\w ]+ (is|called) .*\.", message) for message in messages), messages


# ---- Workers ------------------------------------------------------------------------------------------

def test_workers_train_each_seed_as_the_network_alone_does(page):
    found, alone = page.evaluate("""async () => {
        const messages = await train({settings: fast, seeds: [1, 2, 3], workers: 2});
        const seeds = {};
        for (const message of messages) {
          if (message.type === "finished") continue;
          const run = seeds[message.seed] ??= {rows: [], at: []};
          run.rows.push(...message.rows);
          run.at.push(...message.at);
          if (message.done) run.weights = message.weights.map(({kernel}) => text(kernel));
        }
        const alone = {};
        for (const seed of [1, 2, 3]) {
          const network = new Network(fast, seed), rows = [], at = [];
          const training = prepare(data.training, fast, 100), test = prepare(data.test, fast);
          const measure = () => at.push({epoch: network.epoch, training: network.measure(training),
                                         test: network.measure(test)});
          measure();
          while (network.epoch < 25) {
            rows.push(network.trainEpoch(training));
            if ([10, 20, 25].includes(network.epoch)) measure();
          }
          alone[seed] = {rows, at, weights: network.weights.map(({kernel}) => text(kernel))};
        }
        return [seeds, alone];
    }""")
    assert found == alone
    assert [row["epoch"] for row in found["1"]["at"]] == [0, 10, 20, 25]
    assert found["1"]["at"][-1]["training"]["accuracy"] > 0.3, "it does not learn"


def test_training_stops_goes_on_steps_and_begins_anew(page):
    found = page.evaluate("""async () => {
        let messages = [];
        const settings = {...fast, epochs: 2000, trainingImages: 500};
        const training = laboratoryTraining({settings, seeds: [4], data,
                                             onMessage: message => messages.push(message)});
        const wait = async type => {
          while (!messages.some(message => message.type === type)) await settle(10);
        };
        const found = {};
        await wait("ready");
        messages = [];
        training.step(3);
        await wait("curves");
        found.stepped = messages;
        messages = [];
        training.start();
        await wait("curves");
        found.look = await training.look({seed: 4, weights: true, images: [0, 7], of: "test"});
        training.pause();
        await settle(200);
        messages = [];
        await settle(300);
        found.paused = messages.length;
        const {step} = await training.look({seed: 4});
        training.start();
        await wait("curves");
        found.wentOn = messages[0].step - step;
        const pending = training.look({seed: 4}).catch(error => error.message);
        messages = [];
        for (const begun = performance.now(); performance.now() < begun + 300;);   // messages queue up
        training.reset({seeds: [5], settings: {...settings, epochs: 3}});
        found.pending = await pending;
        found.missing = await training.look({seed: 4}).catch(error => error.message);
        await wait("ready");
        await settle(200);
        found.waits = messages.map(({type, seed, step}) => ({type, seed, step}));
        training.start();
        await wait("finished");
        found.after = [...new Set(messages.map(({seed}) => seed))];
        try {
          training.reset({settings: {optimizer: "none"}});
        } catch (error) { found.wrong = error.message; }
        training.close();

        const network = new Network(settings, 0);   // the one that was looked at
        network.weights.forEach(({kernel, bias}, l) => {
          kernel.set(found.look.weights[l].kernel);
          bias.set(found.look.weights[l].bias);
        });
        found.same = found.look.images.every(({index, output}) =>
          text(output) === text(network.predict(prepare(data.test, settings), index)));
        found.shapes = found.look.images.map(({index, label, z, hidden, output}) =>
          [z[0].length, hidden[0].length, output.length, label === data.test.labels[index]]);
        return found;
    }""")
    (stepped,) = found["stepped"]
    assert (stepped["step"], stepped["rows"]) == (3, []) and stepped["at"][0]["epoch"] == 0.03
    assert found["paused"] == 0, "it trains though it was paused"
    assert found["wentOn"] > 0, "it does not go on after a pause"
    assert found["pending"] == "The network was reset." and "seed 4" in found["missing"]
    assert found["waits"] == [{"type": "ready", "seed": 5, "step": 0}], "old messages, or it did not wait"
    assert found["after"] == [5, None], "messages of the networks before the reset"
    assert "optimizer" in found["wrong"]
    assert found["same"], "outputs that are not those of the weights"
    assert found["shapes"] == [[10, 10, 10, True]] * 2


# ---- What takes minutes: make test-all -----------------------------------------------------------------

def lessons_ten(lesson, method):
    """Return the mean and the standard deviation of ten seeds that a lesson stores."""
    text = (laboratory_data.ROOT / f"lessons/{lesson}.ipynb").read_text(encoding="utf8")
    return tuple(map(float, re.search(rf'{method} +(0\.\d+) \+- (0\.\d+)', text).groups()))


@pytest.mark.long
@pytest.mark.parametrize("model, lesson, method", [
    ("model1", "regularization", "plain"), ("model3", "regularization", "L2 0.001"),
    ("model4", "dropout", "dropout on units")])
def test_ten_seeds_are_those_of_the_lessons(page, model, lesson, method):
    if os.environ["COURSE_DATA"] != "MNIST":
        pytest.skip("the lessons store their results on MNIST")
    weights = page.evaluate("""async model => {
        const settings = laboratoryNetwork().lecture[model];
        const messages = await train({settings, seeds: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]});
        return messages.filter(({done}) => done).map(({weights}) =>
          weights.flatMap(({kernel, bias}) => [text(kernel), text(bias)]));
    }""", model)
    _, (x, digits) = mnist.load_data()
    accuracies = []
    for texts in weights:
        network = keras_network(DEFAULTS)
        network.set_weights([as_array(text, array) for text, array in zip(texts, network.get_weights())])
        outputs = network(x.reshape(-1, 784).astype("float32"), training=False)
        accuracies.append(np.mean(np.argmax(outputs, axis=1) == digits))
    mean, spread = lessons_ten(lesson, method)
    print(f"{model}: {np.mean(accuracies):.3f} +- {np.std(accuracies, ddof=1):.3f}, lesson {mean} +- {spread}")
    assert len(accuracies) == 10
    assert np.mean(accuracies) == pytest.approx(mean, abs=spread), f"{model}: {accuracies}"


@pytest.mark.long
def test_it_is_five_times_as_fast_as_the_printed_listing_and_the_page_answers(page):
    import bench

    model1 = bench.listings()["model1"]
    printed = bench.seconds(bench.run, keras.Model.fit, model1, False, verbose=0)
    found = page.evaluate("""async () => {
        const tasks = [];
        new PerformanceObserver(list => tasks.push(...list.getEntries().map(({duration}) => duration)))
          .observe({type: "longtask"});
        const seconds = async options => (await train(options)).at(-1).seconds;
        const one = await seconds({settings: {}, seeds: [6]});
        const four = {settings: {epochs: 100}, seeds: [0, 1, 2, 3]};
        const alone = await seconds({...four, workers: 1}), two = await seconds({...four, workers: 2});
        await settle(100);
        return {one, alone, two, longest: Math.max(0, ...tasks)};
    }""")
    print(f"printed listing {printed:.1f} s, laboratory {found['one']:.1f} s: {printed / found['one']:.1f} times; "
          f"longest task of the page {found['longest']:.0f} ms (0: none over 50); "
          f"two workers gain {found['alone'] / found['two']:.2f}")
    assert printed / found["one"] >= 5
    assert found["longest"] < 200, "the page did not answer"
