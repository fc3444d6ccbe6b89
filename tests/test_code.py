"""What the files in code/ promise to the lessons."""

import inspect
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import mnist   # before anything that loads TensorFlow: it silences the start-up notices

import joblib
import keras
import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework import ops

import claims
import figures
import lecture
import model1
import model3
import model4
import model5
import model6
import plots
import seeds
import training

matplotlib.use("agg")   # or a window opens where there is a screen

CODE = Path(__file__).parent.parent / "code"

MODELS = {"model1": model1.get_model, "model3": model3.get_model, "model4": model4.get_model,
          "model5": model5.get_model, "model6": model6.get_model}

LAYERS = {"model1": ["hidden", "output"], "model3": ["hidden", "output"],
          "model4": ["hidden", "dropout", "output"], "model5": ["hidden", "output"],
          "model6": ["hidden", "batch_normalization", "output"]}


def images(n, seed=0):
    """Return n random images and one-hot labels, as float64: what a lesson's `/ 255` makes."""
    rng = np.random.default_rng(seed)
    return rng.random((n, 784)), np.eye(10)[rng.integers(0, 10, n)]


def randomize(model):
    """Give every weight and bias a value other than zero."""
    rng = np.random.default_rng(1)
    model.set_weights([rng.uniform(0.1, 1, w.shape) for w in model.get_weights()])


# The files

def test_no_file_hides_a_standard_module():
    names = {path.stem for path in CODE.glob("*.py")}
    hidden = names & set(sys.stdlib_module_names)
    assert not hidden, f"code/ is on the path: its {hidden} hide standard modules of that name"


def test_code_is_no_package():
    found = [path.name for path in CODE.rglob("__init__.py")]
    assert not found, "code/__init__.py makes code/ a package that hides the standard module code"


def test_importing_and_training_write_nothing_to_stderr():
    # five models, because TensorFlow warns at the fifth, and a lesson that shows the spread over
    # seeds trains as many; one with XLA, which has start-up notices of its own
    script = """if True:
        import lecture, plots, model1, model3, model4, model5, model6, training, numpy
        x, y = numpy.ones((7, 784)), numpy.ones((7, 10))
        for seed in range(5):
            model = model3.get_model(3, lam=0.1)
            model.compile("sgd", "mean_squared_error", metrics=["accuracy"])
            training.fit(model, x, y, batch_size=5, jit_compile=seed == 0)
            model.evaluate(x, y, verbose=0)
    """
    # unset what importing mnist has set here: it is the subprocess's own import that must do it,
    # before Keras, through whichever file it imports first
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("TF_CPP_MIN_LOG_LEVEL", "TF_ENABLE_ONEDNN_OPTS")}
    ran = subprocess.run([sys.executable, "-c", script], cwd=CODE, env=environment, text=True,
                         capture_output=True)
    assert ran.returncode == 0, ran.stderr
    assert not ran.stderr, f"a lesson's page would show these notices:\n{ran.stderr}"


# The models

@pytest.mark.parametrize("name", MODELS)
def test_layers_have_the_names_and_the_order_of_the_lecture(name):
    found = [layer.name for layer in MODELS[name](7).layers]
    assert found == LAYERS[name], (
        f"{name}: its layers are {', '.join(found)}; the lecture's are {', '.join(LAYERS[name])}")


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("numnodes", [7, 30])
def test_hidden_layer_has_numnodes_units(name, numnodes):
    hidden = MODELS[name](numnodes).layers[0]
    assert hidden.units == numnodes, (
        f"{name}: numnodes is ignored, get_model({numnodes}) has {hidden.units} hidden units")


@pytest.mark.parametrize("name, total, trainable", [
    ("model1", 23860, 23860), ("model3", 23860, 23860), ("model4", 23860, 23860),
    ("model5", 23860, 23860), ("model6", 23980, 23920)])
def test_parameter_counts_with_30_hidden_units(name, total, trainable):
    model = MODELS[name](30)
    assert model.count_params() == total, f"{name}: {model.count_params()} parameters, not {total}"
    counted = sum(weight.size for weight in map(np.asarray, model.trainable_weights))
    assert counted == trainable, f"{name}: {counted} trainable parameters, not {trainable}"


@pytest.mark.parametrize("name", MODELS)
def test_models_are_returned_uncompiled(name):
    assert not MODELS[name](7).compiled, f"{name}: compiled, but the lessons choose the cost"


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)


@pytest.mark.parametrize("name, hidden, output", [
    ("model1", sigmoid, sigmoid), ("model3", sigmoid, sigmoid), ("model4", sigmoid, sigmoid),
    ("model5", np.tanh, softmax), ("model6", np.tanh, softmax)])
@pytest.mark.parametrize("part", ["hidden", "output"])
def test_layers_compute_the_activation_of_the_lecture(name, hidden, output, part):
    layer = MODELS[name](7).layers[0 if part == "hidden" else -1]
    activation = hidden if part == "hidden" else output
    inputs = np.random.default_rng(0).normal(size=(4, layer.kernel.shape[0]))
    expected = activation(inputs @ layer.kernel.numpy() + layer.bias.numpy())
    np.testing.assert_allclose(layer(inputs), expected, rtol=1e-4, atol=1e-5, err_msg=(
        f"{name}: the activation of the {part} layer is not {activation.__name__}"))


@pytest.mark.parametrize("name", ["model5", "model6"])
@pytest.mark.parametrize("training", [False, True])
def test_outputs_are_probabilities(name, training):
    total = np.sum(MODELS[name](7)(images(20)[0], training=training), axis=1)
    np.testing.assert_allclose(total, 1, rtol=1e-5, err_msg=(
        f"{name}: the ten outputs of an image do not sum to 1"))


@pytest.mark.parametrize("part", ["hidden", "output"])
def test_each_layer_of_model3_penalizes_its_weights(part):
    model = model3.get_model(7, lam=0.01)
    randomize(model)
    layer = model.layers[0 if part == "hidden" else -1]
    penalty = float(sum(layer.losses))
    assert penalty, f"model3: the cost lacks the L2 penalty of the {part} layer's weights"
    np.testing.assert_allclose(
        penalty, 0.01 * np.sum(layer.kernel.numpy() ** 2), rtol=1e-5, err_msg=(
            f"model3: the {part} layer's penalty is not lam * sum(w**2) over its weights alone"))


def test_cost_of_model3_is_the_error_and_the_penalty_of_all_weights_and_no_bias():
    model = model3.get_model(7, lam=0.01)
    randomize(model)
    model.compile("sgd", "mean_squared_error")
    x, y = images(20)
    error = np.mean((model.predict(x, verbose=0) - y) ** 2)
    kernels = [weight for weight in model.get_weights() if weight.ndim == 2]
    penalty = 0.01 * sum(np.sum(kernel ** 2) for kernel in kernels)
    np.testing.assert_allclose(
        model.evaluate(x, y, verbose=0), error + penalty, rtol=1e-5, err_msg=(
            "model3: the cost is not the error plus lam * sum(w**2) over both layers' weights, "
            "biases left out"))


def test_model3_without_lam_has_no_penalty():
    assert float(sum(model3.get_model(7).losses)) == 0, "model3: a penalty that nobody asked for"


@pytest.mark.parametrize("rate", [0.1, 0.6])
def test_model4_drops_the_share_of_units_that_it_is_told(rate):
    keras.utils.set_random_seed(0)
    dropout = model4.get_model(100, d_rate=rate).get_layer("dropout")
    after = np.asarray(dropout(np.ones((200, 100)), training=True))
    share, error = np.mean(after == 0), np.sqrt(rate * (1 - rate) / after.size)
    assert abs(share - rate) < 5 * error, (
        f"model4: d_rate={rate} is ignored, {share:.3f} of the hidden units are dropped")
    np.testing.assert_allclose(after[after != 0], 1 / (1 - rate), rtol=1e-5, err_msg=(
        "model4: units that are kept are not multiplied by 1 / (1 - d_rate)"))


def test_dropout_of_model4_never_strikes_the_output():
    outputs = np.asarray(model4.get_model(7, d_rate=0.9)(images(50)[0], training=True))
    assert outputs.all(), "model4: dropout comes after the output and sets outputs to zero"


def test_dropout_of_model4_leaves_the_expected_input_of_the_output_unchanged():
    keras.utils.set_random_seed(0)
    model = model4.get_model(20, d_rate=0.4)
    randomize(model)
    hidden = np.tile(np.linspace(0.1, 1, 20), (4000, 1))
    kernel = model.get_layer("output").kernel.numpy()
    sums = np.asarray(model.get_layer("dropout")(hidden, training=True)) @ kernel
    error = sums.std(axis=0) / np.sqrt(len(sums))
    assert np.all(np.abs(sums.mean(axis=0) - hidden[0] @ kernel) < 5 * error), (
        "model4: averaged over many masks, dropout changes what the output layer receives")


def test_dropout_of_model4_acts_in_training_only():
    keras.utils.set_random_seed(0)
    model, plain = model4.get_model(20, d_rate=0.5), model1.get_model(20)
    plain.set_weights(model.get_weights())
    x = images(20)[0]
    assert np.array_equal(model(x, training=False), plain(x)), "model4: dropout acts at prediction"
    assert not np.allclose(model(x, training=True), plain(x)), "model4: no dropout in training"


# Training

# name: the model, its optimizer, its cost
TRAININGS = {
    "sigmoids, squared error": (lambda: model1.get_model(4), "sgd", "mean_squared_error"),
    "L2": (lambda: model3.get_model(4, lam=0.01), "sgd", "mean_squared_error"),
    "dropout": (lambda: model4.get_model(4), "sgd", "mean_squared_error"),
    "Adam, cross-entropy": (lambda: model5.get_model(4), "adam", "categorical_crossentropy"),
    "batch normalization": (lambda: model6.get_model(4), "adam", "categorical_crossentropy"),
}


def compiled(build, optimizer="sgd", cost="mean_squared_error", *, seed=0, **options):
    """Return a compiled model; the seed sets its weights and its dropout."""
    keras.utils.set_random_seed(seed)
    model = build()
    model.compile(optimizer, cost, metrics=["accuracy"], **options)
    return model


def tiny():
    return keras.Sequential([keras.Input((784,)), keras.layers.Dense(10)])


@pytest.fixture
def recorder():
    """A compiled model, and the list of its training steps: one list of image numbers each."""
    steps = []

    def note(x, y):
        assert np.array_equal(x[:, 0] % 10, np.argmax(y, axis=1)), "fit: images lost their labels"
        steps.append(x[:, 0].astype(int).tolist())

    class Recorder(keras.Sequential):
        def train_step(self, data):
            tf.numpy_function(note, data, [])
            return super().train_step(data)

    model = Recorder([keras.Input((1,)), keras.layers.Dense(10)])
    model.compile("sgd", "mean_squared_error", metrics=["accuracy"])
    return model, steps


def numbered(n, first=0):
    """Return one-pixel images that hold their number, and labels: its last digit."""
    numbers = np.arange(first, first + n)
    return numbers[:, None].astype(float), np.eye(10)[numbers % 10]


def order(recorder, n=20, **options):
    """Return the numbers of the images in the order in which `fit` trains on them."""
    model, steps = recorder
    steps.clear()
    training.fit(model, *numbered(n), batch_size=5, jit_compile=False, **options)
    return sum(steps, [])


def test_fit_shows_each_image_once_in_an_epoch(recorder):
    counts = Counter(order(recorder, n=13))
    missed = sorted(set(range(13)) - set(counts))
    assert not missed, f"fit: the last, smaller batch is dropped, images {missed} were never seen"
    assert set(counts.values()) == {1}, "fit: some images were seen more than once in an epoch"


@pytest.mark.parametrize("batch_size", [2, 5, 100])
def test_fit_makes_batches_of_batch_size(recorder, batch_size):
    model, steps = recorder
    training.fit(model, *numbered(13), batch_size=batch_size, jit_compile=False)
    largest = max(map(len, steps))
    assert largest == min(batch_size, 13), (
        f"fit: batch_size={batch_size} is ignored, a batch has {largest} images")


@pytest.mark.parametrize("epochs", [1, 3])
def test_fit_trains_for_epochs(recorder, epochs):
    model, steps = recorder
    history = training.fit(model, *numbered(10), batch_size=5, epochs=epochs, jit_compile=False)
    assert len(steps) == 2 * epochs and len(history.epoch) == epochs, (
        f"fit: epochs={epochs} is ignored, it trained for {len(steps) / 2:g}")


def test_fit_shuffles_anew_for_each_epoch(recorder):
    seen = order(recorder, epochs=2)
    assert seen[:20] != list(range(20)), "fit: the images are not shuffled"
    assert seen[:20] != seen[20:], "fit: the images come in the same order in every epoch"


def test_fit_keeps_the_order_without_shuffling(recorder):
    assert order(recorder, shuffle=False) == list(range(20)), "fit: shuffled despite shuffle=False"


def test_fit_takes_the_order_from_the_seed(recorder):
    first = order(recorder, seed=1)
    assert order(recorder, seed=1) == first, "fit: the seed is ignored, two orders from one seed"
    assert order(recorder, seed=2) != first, "fit: the seed is ignored, one order from two seeds"


def test_fit_without_a_seed_takes_the_order_from_the_global_seed(recorder):
    def shuffled(seed):
        keras.utils.set_random_seed(seed)
        return order(recorder)

    first = shuffled(1)
    assert shuffled(1) == first, "fit: with seed=None it ignores keras.utils.set_random_seed"
    assert shuffled(2) != first, "fit: with seed=None another global seed gives the same order"


def test_fit_from_one_seed_gives_one_result():
    def trained(seed):
        model = compiled(tiny)
        training.fit(model, *images(13), batch_size=5, epochs=2, seed=seed, jit_compile=False)
        return model.get_weights()[0]

    first = trained(1)
    assert np.array_equal(trained(1), first), "fit: two results from one seed"
    assert not np.array_equal(trained(2), first), "fit: one result from two seeds"


def test_fit_returns_the_history_that_keras_returns():
    x, y = images(13)
    options = dict(batch_size=5, epochs=4, shuffle=False, validation_data=images(50, seed=1),
                   validation_freq=2)
    kerass = compiled(tiny).fit(x, y, verbose=0, **options)
    ours = training.fit(compiled(tiny), x, y, jit_compile=False, **options)
    assert list(ours.history) == list(kerass.history), "fit: History has other keys than Keras's"
    assert ours.epoch == kerass.epoch, "fit: History has other epochs than Keras's"
    for key, values in kerass.history.items():
        # rounding may differ: all validation images are one batch here and two with Keras
        np.testing.assert_allclose(ours.history[key], values, rtol=1e-5, err_msg=(
            f"fit: History has another {key} than Keras's"))


# Compiling with XLA takes seconds: there, each model stands for the plainer one that is part of it.
@pytest.mark.parametrize("case, jit, n", [
    ("sigmoids, squared error", False, 13),
    ("L2", False, 13), ("L2", True, 13),
    ("dropout", False, 13), ("dropout", True, 13),
    ("Adam, cross-entropy", False, 13),
    # n = 10: for a smaller last batch, Keras compiles a step without a fixed batch size, which
    # takes the mean over the batch by another division and rounds differently
    ("batch normalization", False, 10), ("batch normalization", True, 13)])
def test_fit_without_shuffling_gives_the_result_of_keras_bit_for_bit(case, jit, n):
    x, y = images(n)   # in fives: 13 leaves a smaller last batch
    ours = compiled(*TRAININGS[case])
    training.fit(ours, x, y, batch_size=5, epochs=2, shuffle=False, jit_compile=jit)
    kerass = compiled(*TRAININGS[case], jit_compile=jit)
    start = kerass.get_weights()
    kerass.fit(x, y, batch_size=5, epochs=2, shuffle=False, verbose=0)
    assert not np.array_equal(start[0], ours.get_weights()[0]), "fit: the weights never changed"
    for weight, ours, kerass in zip(ours.weights, ours.get_weights(), kerass.get_weights()):
        np.testing.assert_array_equal(ours, kerass, err_msg=(
            f"fit: {weight.path} is not what model.fit makes of it"))


def test_fit_with_batch_normalization_and_a_smaller_last_batch_differs_by_rounding_only():
    x, y = images(13)
    ours, kerass = (compiled(*TRAININGS["batch normalization"]) for _ in range(2))
    training.fit(ours, x, y, batch_size=5, shuffle=False, jit_compile=False)
    kerass.fit(x, y, batch_size=5, shuffle=False, verbose=0)
    for weight, ours, kerass in zip(ours.weights, ours.get_weights(), kerass.get_weights()):
        np.testing.assert_allclose(ours, kerass, atol=1e-6, err_msg=(
            f"fit: {weight.path} is not what model.fit makes of it"))


def test_fit_compiles_the_networks_of_two_seeds_once_and_trains_each():
    def trained(seed, lam=0.1):
        keras.utils.clear_session()
        keras.utils.set_random_seed(seed)
        model = compiled(lambda: model3.get_model(4, lam=lam))
        training.fit(model, *images(13, seed), batch_size=5, epochs=2)
        return model.get_weights()

    training._programs.clear()
    first, second = trained(0), trained(1)
    assert len(training._programs) == 1, "fit: the network of a second seed is compiled again"
    penalized = trained(1, lam=0.2)
    assert len(training._programs) == 2, "fit: a program with another penalty passes for the same"
    training._programs.clear()
    for weights, afresh in [(first, trained(0)), (second, trained(1)), (penalized, trained(1, 0.2))]:
        for ours, kerass in zip(weights, afresh):
            np.testing.assert_array_equal(ours, kerass, err_msg=(
                "fit: compiled before, a network trains otherwise than compiled for itself"))


@pytest.fixture
def trained(monkeypatch, tmp_path):
    """A function: train once or twice from a seed; return what comes of it, and whether it was kept."""
    monkeypatch.setenv("COURSE_TRAININGS", str(tmp_path))
    x, y = images(13)

    def trained(build=TRAININGS["dropout"][0], optimizer="sgd", cost="mean_squared_error", *,
                seed=0, times=1, x=x, epochs=2, **options):
        training._programs.clear()
        before = len(list(tmp_path.iterdir()))
        model = compiled(build, optimizer, cost, seed=seed)
        for _ in range(times):
            history = training.fit(model, x, y, batch_size=5, epochs=epochs, **options)
        outcome = [*map(np.copy, model.get_weights()), history.history["loss"], np.random.rand(3)]
        return outcome, len(list(tmp_path.iterdir())) == before

    return trained


@pytest.mark.parametrize("case", TRAININGS)
def test_the_same_training_is_done_once_in_a_build(trained, monkeypatch, case):
    first, kept = trained(*TRAININGS[case])
    assert not kept
    other = [tiny(), model4.get_model(4)]   # which take the names of layers that Keras gives
    again, kept = trained(*TRAININGS[case])
    assert kept, f"fit: {case}: the same training is done twice ({len(other)} networks lie between)"
    longer, _ = trained(*TRAININGS[case], times=2)
    monkeypatch.delenv("COURSE_TRAININGS")
    afresh, _ = trained(*TRAININGS[case], times=2)
    for outcomes in [(first, again), (longer, afresh)]:
        for ours, theirs in zip(*outcomes):
            np.testing.assert_array_equal(ours, theirs, err_msg=(
                f"fit: {case}: a training that was kept ends otherwise than one that is done"))


def penalized(power):
    return lambda: keras.Sequential([keras.Input((784,)), keras.layers.Dense(
        10, kernel_regularizer=lambda w: keras.ops.sum(keras.ops.abs(w) ** power))])


@pytest.mark.parametrize("change", [
    dict(seed=1), dict(epochs=3), dict(shuffle=False), dict(seed=0, jit_compile=False),
    dict(x=images(13, 1)[0]), dict(optimizer=keras.optimizers.SGD(0.02)), dict(optimizer="adam"),
    dict(cost="binary_crossentropy"), dict(build=lambda: model4.get_model(4, d_rate=0.3)),
    dict(build=penalized(1)), dict(build=penalized(2))], ids=lambda change: " ".join(change))
def test_another_training_is_not_taken_for_the_same(trained, change):
    trained()
    trained(penalized(3))
    assert not trained(**change)[1], f"fit: with another {change} it passes for the same training"


def test_fit_keeps_nothing_where_a_callback_or_validation_images_look_on(trained, tmp_path):
    trained(validation_data=images(5))
    trained(callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: None)])
    assert not list(tmp_path.iterdir())


def test_fit_lets_a_finished_training_go():
    def trained():
        keras.utils.clear_session()
        model = compiled(*TRAININGS["Adam, cross-entropy"])
        training.fit(model, *images(10), batch_size=5, jit_compile=False)
        return len(ops.gradient_registry._registry)

    assert trained() == trained(), "fit: TensorFlow keeps the graph of every training"


@pytest.mark.parametrize("jit", [False, True])
def test_fit_on_fewer_images_than_a_batch_takes_them_all_at_once(jit):
    ours, kerass = compiled(tiny), compiled(tiny, jit_compile=jit)
    training.fit(ours, *images(3), shuffle=False, jit_compile=jit)
    kerass.fit(*images(3), shuffle=False, verbose=0)
    np.testing.assert_array_equal(ours.get_weights()[0], kerass.get_weights()[0], err_msg=(
        "fit: three images, fewer than the default batch_size, are not trained on as by model.fit"))


def test_fit_reports_the_cost_with_its_penalty_as_keras_does():
    ours, kerass = (compiled(lambda: model3.get_model(4, lam=0.01)) for _ in range(2))
    cost = training.fit(ours, *images(10), batch_size=5, shuffle=False).history["loss"]
    expected = kerass.fit(*images(10), batch_size=5, shuffle=False, verbose=0).history["loss"]
    np.testing.assert_allclose(cost, expected, rtol=1e-5, err_msg="fit: the L2 penalty is not Keras's")
    assert type(ours.layers[0].kernel.regularizer) is keras.regularizers.L2, (
        "fit: the model keeps the regularizer that was to stand in for Keras's while training")


def test_fit_leaves_a_regularizer_that_builds_on_l2_alone():
    class Doubled(keras.regularizers.L2):
        def __call__(self, w):
            return 2 * super().__call__(w)

    def build():
        return keras.Sequential([keras.Input((784,)),
                                 keras.layers.Dense(10, kernel_regularizer=Doubled(0.01))])

    ours, kerass = compiled(build), compiled(build)
    training.fit(ours, *images(10), batch_size=5, shuffle=False, jit_compile=False)
    kerass.fit(*images(10), batch_size=5, shuffle=False, verbose=0)
    np.testing.assert_array_equal(ours.get_weights()[0], kerass.get_weights()[0], err_msg=(
        "fit: a regularizer of the reader's own was replaced by Keras's L2"))


def test_fit_begins_at_initial_epoch(recorder):
    model, steps = recorder
    history = training.fit(model, *numbered(5), epochs=5, initial_epoch=3, jit_compile=False)
    assert history.epoch == [3, 4] and len(steps) == 2, "fit: initial_epoch is ignored"


def test_fit_gives_callbacks_the_epochs_the_model_and_the_logs(recorder):
    seen = []

    class Note(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append((epoch, sorted(logs), self.model, self.params["epochs"]))

    training.fit(recorder[0], *numbered(10), epochs=2, callbacks=[Note()],
                 validation_data=numbered(10), validation_freq=2, jit_compile=False)
    assert seen == [(0, ["accuracy", "loss"], recorder[0], 2),
                    (1, ["accuracy", "loss", "val_accuracy", "val_loss"], recorder[0], 2)], (
        "fit: a callback is told other things than model.fit tells it")


def test_fit_uses_the_learning_rate_that_a_callback_sets():
    def trained(fit, **options):
        model = compiled(tiny)
        halve = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
        fit(model, *images(10), batch_size=5, epochs=3, shuffle=False, callbacks=[halve], **options)
        return model.get_weights()[0]

    np.testing.assert_array_equal(
        trained(training.fit, jit_compile=False), trained(keras.Model.fit, verbose=0),
        err_msg="fit: the learning rate that a callback set is not the one it trains with")


def test_fit_with_shuffling_learns_as_well_as_keras_does():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, 700)
    x = rng.normal(size=(10, 784))[labels] + 3 * rng.normal(size=(700, 784))
    y = np.eye(10)[labels]

    def accuracies(fit, seeds, **options):
        found = []
        for seed in seeds:
            model = compiled(lambda: model5.get_model(10), keras.optimizers.Adam(0.003),
                             "categorical_crossentropy", seed=seed)
            fit(model, x[:200], y[:200], batch_size=10, epochs=3, **options)
            found.append(np.mean(np.argmax(model(x[200:]), axis=1) == labels[200:]))
        return found

    ours = accuracies(training.fit, range(4), jit_compile=False)
    kerass = accuracies(keras.Model.fit, range(4, 8), verbose=0)
    spread = np.sqrt((np.var(ours, ddof=1) + np.var(kerass, ddof=1)) / 4)
    assert np.mean(kerass) > 0.5, "the images cannot be learned in so few epochs: nothing is tested"
    assert abs(np.mean(ours) - np.mean(kerass)) < 4 * spread, (
        f"fit: test accuracies {ours}, with model.fit {kerass}: further apart than their spread")


def test_fit_lets_callbacks_stop_it(recorder):
    model, _ = recorder
    stop = keras.callbacks.EarlyStopping(monitor="loss", min_delta=1e9, patience=1)
    history = training.fit(model, *numbered(10), epochs=9, callbacks=[stop], jit_compile=False)
    assert len(history.epoch) == 2, "fit: EarlyStopping did not stop it"
    again = training.fit(model, *numbered(10), epochs=3, jit_compile=False)
    assert len(again.epoch) == 3, "fit: a model that was stopped once is stopped in the next fit, too"


class Break(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        raise KeyboardInterrupt


@pytest.mark.parametrize("interrupted", [False, True])
def test_model_fit_afterwards_trains_on_its_own_images(recorder, interrupted):
    model, steps = recorder
    try:
        training.fit(model, *numbered(10), jit_compile=False,
                     callbacks=[Break()] if interrupted else [])
    except KeyboardInterrupt:
        pass
    steps.clear()
    cause = "fit: train_function is not restored, a later model.fit cannot train on its own images"
    try:
        model.fit(*numbered(10, first=50), verbose=0)
    except Exception as error:
        pytest.fail(f"{cause}: {error}")
    assert sorted(sum(steps, [])) == list(range(50, 60)), cause


@pytest.mark.parametrize("rows, labels, batch_size, epochs, cause", [
    (5, 4, 2, 1, "each image needs its label"), (0, 0, 2, 1, "at least one image"),
    (5, 5, 0, 1, "batch_size"), (5, 5, 2, 0, "epochs")])
def test_fit_refuses_arguments_that_make_no_training(rows, labels, batch_size, epochs, cause):
    with pytest.raises(ValueError, match=cause):
        training.fit(compiled(tiny), np.ones((rows, 784)), np.ones((labels, 10)),
                     batch_size=batch_size, epochs=epochs)


TAKEN = ["model", "x", "y", "batch_size", "epochs", "verbose", "callbacks", "validation_data",
         "shuffle", "initial_epoch", "validation_freq"]


@pytest.mark.parametrize("name", [name for name in inspect.signature(keras.Model.fit).parameters
                                  if name not in [*TAKEN, "self"]])
def test_fit_refuses_by_name_what_only_keras_can_do(name):
    with pytest.raises(TypeError, match=f"does not take {name}: leave it out, or call model.fit"):
        training.fit(compiled(tiny), *images(5), **{name: 1})


def test_fit_takes_what_it_does_not_refuse_by_keras_names():
    ours = list(inspect.signature(training.fit).parameters)
    assert set(TAKEN) <= set(ours), f"fit does not take {set(TAKEN) - set(ours)}"


def test_fit_refuses_what_is_no_array():
    with pytest.raises(TypeError, match="as arrays.*call model.fit"):
        training.fit(compiled(tiny), tf.data.Dataset.range(3), images(3)[1])


def test_fit_refuses_validation_data_that_is_no_pair_of_arrays():
    with pytest.raises(TypeError, match="validation_data as a pair of arrays.*call model.fit"):
        training.fit(compiled(tiny), *images(3), validation_data=tf.data.Dataset.range(3))


@pytest.mark.parametrize("hook", ["on_train_batch_end", "on_batch_end", "on_test_begin"])
def test_fit_refuses_a_callback_that_it_would_never_call(hook):
    callback = type("Mine", (keras.callbacks.Callback,), {hook: lambda self, *args: None})()
    with pytest.raises(TypeError, match=f"Mine acts in {hook}.*call model.fit"):
        training.fit(compiled(tiny), *images(3), callbacks=[callback])


def test_fit_refuses_a_model_that_is_not_compiled():
    with pytest.raises(ValueError, match="model.compile"):
        training.fit(tiny(), *images(3))


def test_verbose_0_shows_no_bar(recorder, monkeypatch, capsys):
    monkeypatch.delenv("PROGRESS")
    order(recorder, verbose=0)
    assert not capsys.readouterr().out, "fit: verbose=0 is ignored"


@pytest.mark.parametrize("progress, shown", [("0", False), ("1", True), (None, True)])
def test_progress_bar_appears_unless_progress_is_0(recorder, monkeypatch, capsys, progress, shown):
    if progress is None:
        monkeypatch.delenv("PROGRESS")
    else:
        monkeypatch.setenv("PROGRESS", progress)
    order(recorder, epochs=3)
    printed = capsys.readouterr().out
    assert ("3/3" in printed) == shown, f"fit: with PROGRESS={progress} it printed {printed!r}"
    assert shown or not printed, f"fit: with PROGRESS=0 it printed {printed!r}"


def test_over_seeds_returns_a_row_for_each_seed_in_their_order():
    rows = seeds.over_seeds(lambda seed: [seed, 10 * seed], [3, 1, 2])
    np.testing.assert_array_equal(rows, [[3, 30], [1, 10], [2, 20]])


def test_over_seeds_begins_each_run_with_its_seed():
    drawn = seeds.over_seeds(lambda seed: np.random.random(), [0, 1, 0])
    assert drawn[0] == drawn[2], "over_seeds: one seed, two results"
    assert drawn[0] != drawn[1], "over_seeds: the seed is ignored"


def test_over_seeds_uses_all_cores():
    processes = seeds.over_seeds(lambda seed: (time.sleep(1), os.getpid())[1], range(4))
    number = seeds._processes()
    assert len(set(processes)) == min(4, number)
    assert os.getpid() not in processes or number == 1


@pytest.mark.parametrize("processes", ["1", "2"])
def test_over_seeds_leaves_the_same_random_numbers_with_any_number_of_processes(monkeypatch, processes):
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", processes)
    np.random.seed(1)
    seeds.over_seeds(lambda seed: np.random.random(), [3, 4])
    after = np.random.random(), float(keras.random.uniform(()))
    keras.utils.set_random_seed(seeds.SEED)
    assert after == (np.random.random(), float(keras.random.uniform(()))), (
        f"over_seeds: with {processes} processes another state is left")


def test_over_seeds_takes_what_a_lesson_imports_by_name():
    """In processes of its own: pickle finds a compiled function by name, where it looks first."""
    lesson = """if True:
        import mnist, seeds
        from scipy.special import expit
        print(seeds.over_seeds(lambda seed: expit(0 * seed), [1, 2]))
    """
    done = subprocess.run([sys.executable, "-c", lesson], cwd=Path(plots.__file__).parent, text=True,
                          capture_output=True, env={**os.environ, "LOKY_MAX_CPU_COUNT": "2"})
    assert done.stdout.strip().endswith("[0.5 0.5]"), f"over_seeds: SciPy's function is lost: {done.stderr[-500:]}"


@pytest.mark.parametrize("gibibytes, cores, processes", [
    ("max", 4, 4), (2, 1, 1), (2, 2, 1), (2.5, 4, 2), (3, 2, 2), (1, 4, 1), (0.5, 2, 1), (64, 4, 4)])
def test_over_seeds_starts_no_more_processes_than_the_container_has_memory_for(
        tmp_path, monkeypatch, gibibytes, cores, processes):
    limit = tmp_path / "memory.max"
    limit.write_text("max\n" if gibibytes == "max" else f"{int(gibibytes * 2**30)}\n")
    monkeypatch.setattr(seeds, "LIMITS", [str(tmp_path / "of another version"), str(limit)])
    monkeypatch.setattr("joblib.cpu_count", lambda: cores)
    assert seeds._processes() == processes


def test_over_seeds_in_this_process_leaves_the_readers_progress_bars_on(monkeypatch):
    monkeypatch.setattr(seeds, "_processes", lambda: 1)
    monkeypatch.delenv("PROGRESS")
    seen = seeds.over_seeds(lambda seed: [os.getpid(), int(os.environ["PROGRESS"])], [0])
    assert seen.tolist() == [[os.getpid(), 0]], "one core: a run shows a bar of its own"
    assert "PROGRESS" not in os.environ, "after over_seeds on one core, fit shows no bar any more"


def test_interval_covers_the_mean_in_95_of_100_cases():
    samples = np.random.default_rng(0).normal(3, 2, (4000, 5))
    covered = [abs(mean - 3) < half for mean, half in map(seeds.interval, samples)]
    assert 0.94 < np.mean(covered) < 0.96, "interval: not a 95% interval of Student's t"


def test_over_seeds_runs_on_a_cluster_by_one_line_and_gives_the_same(monkeypatch):
    from distributed import Client, LocalCluster   # takes seconds

    def run(seed):
        return [np.random.random(), os.getpid()]

    monkeypatch.setenv("PYTHONPATH", str(Path(seeds.__file__).parent))   # for the workers
    here = seeds.over_seeds(run, range(4))
    with (LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1",
                       dashboard_address=None) as cluster, Client(cluster),
          joblib.parallel_config(backend="dask")):
        there = seeds.over_seeds(run, range(4))
    assert (here[:, 0] == there[:, 0]).all(), "over_seeds: a cluster gives other numbers"
    assert not set(here[:, 1]) & set(there[:, 1]), "over_seeds: the runs were not on the cluster"
    assert len(set(there[:, 1])) == 2, "over_seeds: the runs were not on both workers"


def test_over_seeds_raises_what_a_run_raises():
    with pytest.raises(ZeroDivisionError):
        seeds.over_seeds(lambda seed: 1 / seed, [1, 0])


# The lecture's experiment

def test_lecture_data_are_the_images_that_their_names_say(monkeypatch):
    def numbered(n, first):
        x, number = np.zeros((n, 28, 28), np.uint8), first + np.arange(n)
        x[:, 0, 1], x[:, 27, 27], x[:, 1, 0] = number % 256, number // 256, 255
        return x, (number % 10).astype(np.uint8)

    monkeypatch.setattr(mnist, "load_data", lambda: (numbered(60000, 0), numbered(10000, 5)))
    parts = lecture.load_data()
    for (x, y), name, numbers in zip(parts, ["training", "validation", "test"], [
            np.arange(500), np.arange(55000, 60000), np.arange(5, 10005)]):
        assert x.dtype == y.dtype == np.float32, f"lecture: the {name} data are not float32"
        assert x.shape == (len(numbers), 784) and y.shape == (len(numbers), 10), (
            f"lecture: the {name} data have the shapes {x.shape} and {y.shape}")
        assert np.array_equal(x[:, 1] + 256 * x[:, 783], numbers), (
            f"lecture: the {name} images are others than they should be")
        assert np.all(x[:, 28] == 255), f"lecture: the {name} pixels are not 0 to 255, row by row"
        assert np.array_equal(y, np.eye(10)[numbers % 10]), (
            f"lecture: the {name} labels do not belong to their images")
    for (x, y), n, first in zip(lecture.load_all_data(), [60000, 10000], [0, 5]):
        assert x.dtype == np.uint8 and y.dtype == np.float32 and x.shape == (n, 784), (
            f"lecture: load_all_data returns {x.dtype} {x.shape}, labels {y.dtype}")
        numbers = first + np.arange(n)
        assert np.array_equal(x[:, 1] + 256 * x[:, 783].astype(int), numbers) and np.array_equal(
            y, np.eye(10)[numbers % 10]), "lecture: load_all_data has other images or labels"


@pytest.fixture
def fitted(monkeypatch):
    """What `lecture.train` hands to `training.fit`: a list of (model, x, y, options)."""
    calls = []

    def fit(model, x, y, **options):
        calls.append((model, x, y, options))
        return "a History"

    monkeypatch.setattr(training, "fit", fit)
    return calls


def test_lecture_trains_at_the_settings_of_the_lecture(fitted):
    built, (x, y) = tiny(), images(6)
    assert lecture.train(built, x, y) == "a History", "lecture: train returns no History"
    (model, *data, options), = fitted
    assert model is built and data[0] is x and data[1] is y
    assert options == {"epochs": 1000, "batch_size": 5}
    optimizer = model.optimizer
    assert type(optimizer) is keras.optimizers.SGD, "lecture: not plain gradient descent"
    assert float(optimizer.learning_rate) == np.float32(0.01) and not optimizer.momentum
    assert model.loss == "mean_squared_error"
    assert "accuracy" in model.evaluate(x, y, verbose=0, return_dict=True)


def test_lecture_trains_at_other_settings_when_told(fitted):
    built, (x, y) = model5.get_model(3), images(6)
    lecture.train(built, x, y, learning_rate=0.5, loss="categorical_crossentropy", epochs=7,
                  batch_size=2, validation_freq=3, shuffle=False)
    (model, *_, options), = fitted
    assert options == {"epochs": 7, "batch_size": 2, "validation_freq": 3, "shuffle": False}
    assert float(model.optimizer.learning_rate) == 0.5
    assert model.loss == "categorical_crossentropy"


def test_lecture_trains_what_it_is_given():
    keras.utils.set_random_seed(0)
    x, y = images(20)
    history = lecture.train(model5.get_model(30), x, y, learning_rate=0.1, epochs=60,
                            loss="categorical_crossentropy", jit_compile=False)
    assert history.history["accuracy"][-1] > 0.9


def always(digit):
    """Return a network whose largest output is at `digit`, with most of its units dropped."""
    model = model4.get_model(4, d_rate=0.9)
    model.set_weights([np.zeros(w.shape) for w in model.get_weights()[:-1]] + [np.eye(10)[digit]])
    return model


def test_correct_says_of_each_image_whether_its_largest_output_is_at_its_label():
    labels = np.array([3, 1, 3, 9])
    found = lecture.correct(always(3), np.zeros((4, 784), np.float32), np.eye(10)[labels])
    assert found.tolist() == [True, False, True, False] and found.dtype == bool
    found = lecture.accuracy(always(9), np.zeros((4, 784), np.float32), np.eye(10)[labels])
    assert found == 0.25 and type(found) is float


def test_accuracy_is_what_keras_finds_with_all_units():
    keras.utils.set_random_seed(0)
    model = compiled(lambda: model4.get_model(30, d_rate=0.5))
    x, y = images(300)
    kerass = model.evaluate(x, y, verbose=0, return_dict=True)["accuracy"]
    assert lecture.accuracy(model, x, y) == pytest.approx(kerass), (
        "lecture: the accuracy is not Keras's, or dropout acts in it")
    parts = np.concatenate([lecture.correct(model, x[i:i + 7], y[i:i + 7])
                            for i in range(0, 300, 7)])
    assert np.array_equal(lecture.correct(model, x, y), parts), (
        "lecture: whether an image is answered correctly depends on the other images")


@pytest.mark.parametrize("before, scale", [
    ([], 1), ([keras.layers.Dropout(0.5)], 1), ([keras.layers.Rescaling(1 / 255)], 1 / 255)],
    ids=["pixels", "dropped pixels", "scaled pixels"])
@pytest.mark.parametrize("activation, function", [("sigmoid", sigmoid), ("tanh", np.tanh)])
def test_hidden_returns_inputs_and_outputs_of_the_hidden_layer(
        before, scale, activation, function, recwarn):
    model = keras.Sequential([
        keras.Input((784,)), *before, keras.layers.Dense(6, activation=activation, name="hidden"),
        keras.layers.Dense(10, name="output")])
    randomize(model)
    model.set_weights([w - 0.5 for w in model.get_weights()])
    x = images(9)[0].astype("float32")
    kernel, bias = model.get_layer("hidden").get_weights()
    z, h = lecture.hidden(model, x)
    assert type(z) is type(h) is np.ndarray
    np.testing.assert_allclose(z, scale * x @ kernel + bias, rtol=1e-3, atol=1e-3, err_msg=(
        "lecture: z is not what the hidden layer sums up"))
    np.testing.assert_allclose(h, function(z), rtol=1e-4, atol=1e-5, err_msg=(
        "lecture: h is not the activation of z"))
    assert not recwarn.list, f"lecture: a page would show {recwarn.list[0].message}"


# Claims

@pytest.fixture
def published(monkeypatch):
    """What claims and plots hand to the notebook: a list of (data by type, metadata)."""
    outputs = []

    def display(data, *, raw, metadata=None):
        assert raw, "display without raw=True shows the dictionary itself"
        outputs.append((data, metadata))

    monkeypatch.setattr(claims, "display", display)
    monkeypatch.setattr(plots, "display", display)
    return outputs


NAN = float("nan")


@pytest.mark.parametrize("measured, bounds", [
    (0.785, {"at_least": 0.7}), (0.7, {"at_least": 0.7}), (0.785, {"at_most": 0.8}),
    (0.8, {"at_most": 0.8}), (0.785, {"at_least": 0.7, "at_most": 0.8}), (0, {"at_least": 0}),
    (-1, {"at_most": 0}), (7, {"at_least": 7, "at_most": 7}), (0, {"equals": 0}),
    (23860, {"equals": 23860}), (0.5, {"equals": 0.5}), (0.65, {"equals": 0.62, "tolerance": 0.11}),
    (0.55, {"equals": 0.62, "tolerance": 0.11}), (-0.1, {"equals": 0, "tolerance": 0.1}),
    (0.9, {"equals": 0.6, "tolerance": 0.3}), (3, {"equals": 3, "tolerance": 0})])
def test_claim_within_its_bounds_holds(published, measured, bounds):
    try:
        claims.claim("L2 helps", measured, **bounds)
    except claims.ClaimFailed:
        pytest.fail(f"claim: {measured} is within {bounds}, and it raised")


@pytest.mark.parametrize("measured, bounds", [
    (0.6, {"at_least": 0.7}), (0.9, {"at_most": 0.8}), (0.6, {"at_least": 0.7, "at_most": 0.8}),
    (0.9, {"at_least": 0.7, "at_most": 0.8}), (-1, {"at_least": 0}), (1, {"at_most": 0}),
    (23861, {"equals": 23860}), (23859, {"equals": 23860}), (1, {"equals": 0}),
    (0.5 + 1e-12, {"equals": 0.5}), (0.74, {"equals": 0.62, "tolerance": 0.11}),
    (0.5, {"equals": 0.62, "tolerance": 0.11}), (3.1, {"equals": 3, "tolerance": 0}),
    (0.1, {"equals": -0.1, "tolerance": 0.11}),
    (NAN, {"at_least": 0.7}), (NAN, {"at_most": 0.8}), (NAN, {"at_least": 0.7, "at_most": 0.8}),
    (NAN, {"equals": 0.7}), (NAN, {"equals": 0.7, "tolerance": 9}), (NAN, {"equals": NAN})])
def test_claim_outside_its_bounds_raises(published, measured, bounds):
    try:
        claims.claim("L2 helps", measured, **bounds)
    except claims.ClaimFailed:
        assert not published, "claim: it raised and still printed that the sentence holds"
    else:
        pytest.fail(f"claim: {measured} is not within {bounds}, and it was let pass")


@pytest.mark.parametrize("measured, bounds, line", [
    (0.785, {"at_least": 0.7}, "holds: L2 helps, measured 0.785, needs at least 0.7"),
    (0.785, {"at_most": 0.8}, "holds: L2 helps, measured 0.785, needs at most 0.8"),
    (0, {"at_most": 0}, "holds: L2 helps, measured 0, needs at most 0"),
    (0.85, {"at_least": 0.75, "at_most": 0.93},
     "holds: L2 helps, measured 0.85, needs 0.75 to 0.93"),
    (0, {"at_least": 0, "at_most": 0}, "holds: L2 helps, measured 0, needs 0 to 0"),
    (23860, {"equals": 23860}, "holds: L2 helps, measured 23,860, needs 23,860"),
    (0, {"equals": 0}, "holds: L2 helps, measured 0, needs 0"),
    (np.int64(23860), {"at_least": 20000},
     "holds: L2 helps, measured 23,860, needs at least 20,000"),
    (0.65, {"equals": 0.62, "tolerance": 0.11},
     "holds: L2 helps, measured 0.65, needs 0.62 within 0.11"),
    (5, {"equals": 5, "tolerance": 0}, "holds: L2 helps, measured 5, needs 5 within 0"),
    (0.123456, {"equals": 0.1111111, "tolerance": 0.0234567},
     "holds: L2 helps, measured 0.123, needs 0.1111 within 0.02346"),
    (0.5, {"at_most": 0.6255}, "holds: L2 helps, measured 0.5, needs at most 0.6255"),
    (12345.6, {"at_least": 1e4}, "holds: L2 helps, measured 12,345.6, needs at least 10,000"),
    (118.0, {"at_least": 100}, "holds: L2 helps, measured 118.0, needs at least 100"),
    (1.23456e-7, {"at_most": 1e-6}, "holds: L2 helps, measured 1.23e-07, needs at most 1e-06"),
    (np.float64(0.785), {"at_least": np.float64(0.7)},
     "holds: L2 helps, measured 0.785, needs at least 0.7")])
def test_claim_prints_one_line(published, capsys, measured, bounds, line):
    claims.claim("L2 helps", measured, **bounds)
    assert [shown for shown, metadata in published] == [{"text/plain": line}], (
        "claim: the line is not of the form that the tests of the lessons and readers know")
    assert capsys.readouterr() == ("", ""), "claim: something besides its line was printed"


@pytest.mark.parametrize("measured, bounds, words", [
    (0.6123, {"at_least": 0.7}, "measured 0.612, needs at least 0.7"),
    (0.93004, {"at_most": 0.93}, "measured 0.93004, needs at most 0.93"),
    (0.69996, {"at_least": 0.7}, "measured 0.69996, needs at least 0.7"),
    (0.74996, {"at_least": 0.75, "at_most": 0.93}, "measured 0.74996, needs 0.75 to 0.93"),
    (0.73004, {"equals": 0.62, "tolerance": 0.11}, "measured 0.73004, needs 0.62 within 0.11"),
    (0.1 + 0.2, {"equals": 0.3}, "measured 0.30000000000000004, needs 0.3"),
    (0.123454, {"at_most": 0.123451}, "measured 0.1235, needs at most 0.12345"),
    (20000.4, {"at_most": 20000}, "measured 20,000.4, needs at most 20,000"),
    (23861, {"equals": 23860}, "measured 23,861, needs 23,860"),
    (float("inf"), {"at_most": 1}, "measured inf, needs at most 1"),
    (NAN, {"at_least": 0.7}, "measured nan, needs at least 0.7")])
def test_failed_claim_shows_why_it_does_not_hold(measured, bounds, words):
    with pytest.raises(claims.ClaimFailed) as failure:
        claims.claim("L2 helps", measured, **bounds)
    assert str(failure.value) == f"does not hold: L2 helps, {words}"


@pytest.mark.parametrize("measured, bounds, expected", [
    (np.float32(0.75), {"at_least": 0.7},
     {"measured": 0.75, "at_least": 0.7, "shown": "0.75", "needs": "at least 0.7"}),
    (0.75, {"at_most": np.float64(0.8)},
     {"measured": 0.75, "at_most": 0.8, "shown": "0.75", "needs": "at most 0.8"}),
    (np.uint8(7), {"equals": np.int64(5), "tolerance": np.int32(2)},
     {"measured": 7, "equals": 5, "tolerance": 2, "shown": "7", "needs": "5 within 2"})])
def test_claim_keeps_its_measurement_with_the_output(
        published, monkeypatch, measured, bounds, expected):
    monkeypatch.setattr(mnist, "source", "MNIST")
    claims.claim("L2 helps", measured, lecture="0.76", agrees=False, **bounds)
    (shown, metadata), = published
    assert metadata["claim"] == {
        "sentence": "L2 helps", "at_least": None, "at_most": None, "equals": None,
        "tolerance": None, "data": "MNIST", "lecture": "0.76", "agrees": False,
        "verdict": "holds", **expected}, (
        "claim: the record that the page of results is made from is not complete")
    kinds = {name: type(metadata["claim"][name]) for name, value in expected.items()}
    assert kinds == {name: type(value) for name, value in expected.items()}, (
        "claim: the record cannot be written to a notebook, which is JSON, or is another number")


def test_claim_about_an_infinity_can_be_stored(published):
    claims.claim("it never ends", np.inf, at_least=1)
    (shown, metadata), = published
    assert json.dumps(metadata, allow_nan=False) and "measured inf" in shown["text/plain"], (
        "claim: a notebook, which is JSON, cannot keep the record")


@pytest.mark.parametrize("measured", [0.6, 0.8])
def test_claim_about_mnist_is_left_open_on_the_stand_in(published, monkeypatch, measured):
    monkeypatch.setattr(mnist, "source", "stand-in")
    claims.claim("L2 helps", measured, at_least=0.7, data="MNIST")
    (shown, metadata), = published
    assert shown["text/plain"] == (
        f"left open on the stand-in: L2 helps, measured {measured}, needs at least 0.7"), (
        "claim: a sentence about MNIST was judged on other data")
    assert metadata["claim"]["verdict"] == "left open on the stand-in"
    assert metadata["claim"]["data"] == "stand-in"


def test_claim_that_measured_nothing_fails_on_any_data(monkeypatch):
    monkeypatch.setattr(mnist, "source", "stand-in")
    with pytest.raises(claims.ClaimFailed):
        claims.claim("L2 helps", NAN, at_least=0.7, data="MNIST")


@pytest.mark.parametrize("source, data", [
    ("MNIST", "MNIST"), ("MNIST", "any"), ("stand-in", "any"), (None, "any")])
def test_claim_is_judged_on_the_data_that_it_is_for(monkeypatch, source, data):
    monkeypatch.setattr(mnist, "source", source)
    with pytest.raises(claims.ClaimFailed):
        claims.claim("L2 helps", 0.6, at_least=0.7, data=data)


@pytest.mark.parametrize("sentence, measured, options, advice", [
    ("L2 helps", 0.785, {}, "give a bound, at_least, at_most or equals"),
    ("L2 helps", 0.785, {"lecture": 0.8}, "give a bound"),
    ("L2 helps", 0.785, {"at_least": 0.8, "at_most": 0.7}, "exchange them"),
    ("L2 helps", 0.785, {"equals": 0.8, "at_least": 0}, "either equals or"),
    ("L2 helps", 0.785, {"equals": 0, "at_most": 1}, "either equals or"),
    ("L2 helps", 0.785, {"at_least": 0, "tolerance": 0.1}, "tolerance belongs to equals"),
    ("L2 helps", 0.785, {"equals": 0.8, "tolerance": -0.1}, "of at least 0"),
    ("", 0.785, {"at_least": 0}, "sentence is empty"),
    (" ", 0.785, {"at_least": 0}, "sentence is empty"),
    ("L2 helps", 0.785, {"at_least": 0, "data": "mnist"}, "data is .any. or .MNIST., not .mnist."),
    ("L2 helps", 0.785, {"at_least": 0, "data": "MNIST"}, "load the data first"),
    ("L2 helps", True, {"at_least": 0}, "measured must be one number, not True"),
    ("L2 helps", np.True_, {"equals": 1}, "measured must be one number"),
    ("L2 helps", 1, {"equals": True}, "equals must be one number, not True"),
    ("L2 helps", [0.7, 0.8], {"at_least": 0}, "measured must be one number"),
    ("L2 helps", None, {"at_least": 0}, "measured must be one number, not None"),
    ("L2 helps", "0.785", {"at_least": 0}, "measured must be one number"),
    ("L2 helps", 0.785, {"at_least": "0"}, "at_least must be one number")])
def test_claim_that_cannot_be_judged_is_an_error_that_says_what_to_do(
        published, monkeypatch, sentence, measured, options, advice):
    monkeypatch.setattr(mnist, "source", None)
    with pytest.raises(ValueError, match=advice):
        claims.claim(sentence, measured, **options)
    assert not published, "claim: it refused the call and still printed a verdict"


# Plots

def history(**values):
    record = keras.callbacks.History()
    record.history = values
    return record


SEEN = {"loss": [2, 1, 1, 0.5], "accuracy": [0.1, 0.5, 0.6, 0.7]}
BOTH = {**SEEN, "val_loss": [1.5, 1], "val_accuracy": [0.3, 0.5]}
RUNS = {"plain": np.array([0.6, 0.64, 0.62]), "L2": np.array([0.8, 0.78, 0.76]),
        "early stopping": np.array([0.5, 0.6, 0.55])}


@pytest.mark.parametrize("draw", [
    lambda: plots.learning_curves(history(**SEEN), "what it shows"),
    lambda: plots.learning_curves({"plain": history(**BOTH), "L2": history(**BOTH)},
                                  "what it shows", every=2),
    lambda: plots.digits(np.zeros((12, 28, 28), np.uint8), range(12), "what it shows"),
    lambda: plots.digits(np.zeros((2, 784)), ["3", "5"], "what it shows", columns=2),
    lambda: plots.weights({"plain": model1.get_model(9), "tanh": model5.get_model(9)},
                          "what it shows"),
    lambda: plots.weights({"plain": model1.get_model(3)}, "what it shows", units=3),
    lambda: plots.confusion(np.arange(10), np.arange(10)[::-1], "what it shows"),
    lambda: plots.evidence(RUNS, "what it shows", reference="plain", lecture={"L2": 0.78}),
    lambda: plots.evidence(RUNS, "what it shows"),
    lambda: plots.saturation({"plain": np.eye(4)}, "what it shows"),
], ids=["learning_curves of one", "learning_curves of two", "digits", "digits as rows",
        "weights of two", "weights of one", "confusion", "evidence", "evidence of one panel",
        "saturation"])
def test_each_plot_is_shown_with_its_description_and_closed(published, capsys, draw):
    draw()
    (shown, metadata), = published
    for drawing in [shown["image/svg+xml"], metadata["narrow"]]:
        assert ElementTree.fromstring(drawing.encode()).tag.endswith("svg"), "plots: no drawing"
    assert shown["text/plain"] == "what it shows", "plots: the image has no description beside it"
    assert not plt.get_fignums(), "plots: the figure stays open and would be shown a second time"
    assert capsys.readouterr() == ("", ""), "plots: something besides the figure was printed"


def sizes(drawing):
    """Return width and height of an SVG, and the size of each of its texts, all in pixels."""
    root = ElementTree.fromstring(drawing.encode())
    texts = [float(re.search(r"font-size: ([\d.]+)px", text.get("style"))[1]) * 96 / 72
             for text in root.iter() if "font-size" in text.get("style", "")]
    return [float(root.get(side).removesuffix("pt")) * 96 / 72 for side in ("width", "height")], texts


@pytest.mark.parametrize("draw", [
    lambda: plots.learning_curves({"plain": history(**BOTH), "L2": history(**BOTH)}, "", every=2),
    lambda: plots.evidence(RUNS, "", reference="plain"),
    lambda: plots.confusion(np.arange(10), np.arange(10)[::-1], ""),
    lambda: plots.saturation({"plain": np.eye(4), "L2": np.eye(4)}, ""),
], ids=["learning_curves", "evidence", "confusion", "saturation"])
def test_names_of_axes_and_panels_are_no_smaller_than_their_ticks(axes, draw):
    draw()
    figure = plt.gcf()
    figure.canvas.draw()
    ticks = [tick.get_fontsize() for axis in axes() for tick in axis.get_xticklabels()]
    names = [text.get_fontsize() for axis in axes() for text in (axis.xaxis.label, axis.yaxis.label)]
    titles = [axis.title.get_fontsize() for axis in axes()]
    legends = [text.get_fontsize() for legend in figure.legends for text in legend.get_texts()]
    assert max(ticks) <= min(names) <= max(names) <= min(titles), "plots: a name in smaller letters"
    assert not legends or max(ticks) <= min(legends), "plots: a legend in smaller letters than ticks"


def test_thousands_have_a_comma(published):
    _, axis = plt.subplots()
    axis.plot([0, 60000], [0.00100, 0.00105])
    plots.show("")
    (shown, metadata), = published
    for drawing in (shown["image/svg+xml"], metadata["narrow"]):
        assert re.search(r">\d0,000<", drawing), "plots: ten thousands are hard to read"
        assert re.search(r">0\.00\d+<", drawing), "plots: a comma among decimals"


def panels(drawing):
    return drawing.count('<g id="axes_')


def four_panels():
    _, axes = plt.subplots(1, 4, sharey=True, figsize=(7, 2.4))
    axes[0].set_ylabel("cost")
    for axis in axes:
        axis.loglog([1e-6, 1e3], [1e-3, 1], label="$w$")
    plots.show("what it shows")


@pytest.mark.parametrize("draw", [
    lambda: plots.learning_curves({f"method {n}": history(**BOTH) for n in range(5)}, "", every=2),
    lambda: plots.digits(np.zeros((20, 784)), range(20), ""),
    lambda: plots.weights({"plain": model1.get_model(9), "tanh": model5.get_model(9)}, ""),
    lambda: plots.confusion(np.arange(10), np.arange(10)[::-1], ""),
    lambda: plots.evidence(RUNS, "", reference="plain"), four_panels],
    ids=["learning_curves", "digits", "weights", "confusion", "evidence", "four panels"])
def test_figures_fit_pages_and_phones_with_letters_of_11_pixels(published, draw):
    draw()
    (shown, metadata), = published
    for drawing, limit in [(shown["image/svg+xml"], 672), (metadata["narrow"], 336)]:
        (width, _), texts = sizes(drawing)
        assert texts and width <= limit, f"plots: a drawing of {width} pixels, with {len(texts)} texts"
        assert min(texts) >= 11, f"plots: letters of {min(texts):.1f} pixels"
    assert panels(metadata["narrow"]) == panels(shown["image/svg+xml"])


def test_panels_are_stacked_on_a_phone_and_keep_their_labels(published):
    four_panels()
    (shown, metadata), = published
    wide, narrow = shown["image/svg+xml"], metadata["narrow"]
    assert (wide.count(">cost<"), narrow.count(">cost<")) == (1, 2), (
        "narrow: of two by two panels each row needs the label that all four had in common")
    assert narrow.count(">0.1<") == 2 * wide.count(">0.1<") == 2, "narrow: ticks without their numbers"
    heights = [sizes(drawing)[0][1] for drawing in (wide, narrow)]
    assert 2 * heights[0] <= heights[1] <= 2.2 * heights[0], "narrow: panels are pressed together"


def test_a_title_is_nearer_to_its_own_panel_than_to_the_one_above_on_a_phone(published):
    figure, axes = plt.subplots(1, 3, figsize=(7, 2.4), sharey=True)
    for axis in axes:
        axis.set_title("a title")
    plots.show("what it shows")
    figure.draw_without_rendering()   # as it is on a phone
    for above, axis in pairwise(axes):
        title = axis.title.get_window_extent()
        assert above.get_tightbbox().y0 - title.y1 > 3 * (title.y0 - axis.bbox.y1), (
            "narrow: a title reads as a label of the panel above it")


def test_powers_of_ten_are_text_of_one_size(published):
    four_panels()
    (shown, _), = published
    assert re.search(">10⁻[⁴⁵⁶]<", shown["image/svg+xml"]), "plots: 1e-05 is no label"
    assert "tspan" not in shown["image/svg+xml"], "plots: an exponent is raised and smaller"


def test_equal_figures_are_equal_texts(published):
    for _ in range(2):
        plots.evidence(RUNS, "", reference="plain")
    (first, metadata), (second, others) = published
    assert first == second and metadata["narrow"] == others["narrow"], (
        "plots: pages change though nothing has changed")


@pytest.fixture
def axes(monkeypatch):
    """Leave the figure open, and return its axes when called."""
    monkeypatch.setattr(plots, "show", lambda description, metadata=None: None)
    yield lambda: plt.gcf().axes
    plt.close("all")


def legend():
    """Return the words of the figure's legend, and whether it covers a panel."""
    plt.gcf().canvas.draw()
    drawn, = plt.gcf().legends
    box = drawn.get_window_extent()
    return ([text.get_text() for text in drawn.get_texts()],
            any(box.overlaps(axis.get_window_extent()) for axis in plt.gcf().axes))


@pytest.mark.parametrize("draw", [
    lambda: plots.learning_curves(history(**BOTH), "", every=2),
    lambda: plots.learning_curves({f"method {n}": history(**BOTH) for n in range(5)}, "", every=2),
    lambda: plots.weights({"plain": model1.get_model(9)}, ""),
    lambda: plots.confusion(np.arange(10), np.arange(10)[::-1], ""),
    lambda: plots.evidence({f"a method with a long name {n}": RUNS["plain"] for n in range(12)},
                           "", reference="a method with a long name 3"),
    lambda: plots.evidence(RUNS, ""),
    lambda: plots.saturation({"plain": np.eye(4), "L2": np.eye(4)}, ""),
], ids=["learning_curves of one", "learning_curves of many", "weights", "confusion", "evidence",
        "evidence of one panel", "saturation"])
def test_no_word_of_a_figure_is_cut_off(axes, draw):
    draw()
    figure = plt.gcf()
    figure.canvas.draw()
    drawn, page = figure.get_tightbbox().extents, figure.bbox_inches.padded(0.01).extents
    assert all(page[:2] < drawn[:2]) and all(drawn[2:] < page[2:]), (
        "plots: a word is cut off at the edge of the figure")


def test_held_out_curve_lies_at_the_epochs_that_were_evaluated(axes):
    plots.learning_curves(history(**BOTH), "", every=2)
    for axis, quantity in zip(axes(), ["accuracy", "loss"]):
        seen, evaluated = axis.lines
        assert list(seen.get_xdata()) == [1, 2, 3, 4]
        assert list(seen.get_ydata()) == SEEN[quantity]
        assert list(evaluated.get_xdata()) == [2, 4], "learning_curves: `every` is ignored"
        assert list(evaluated.get_ydata()) == BOTH[f"val_{quantity}"]


def test_learning_curves_refuses_values_at_unknown_epochs(axes):
    with pytest.raises(ValueError, match="every is the validation_freq"):
        plots.learning_curves(history(**BOTH), "")


def test_learning_curves_shows_each_network_in_a_color_and_held_out_images_dashed(axes):
    plots.learning_curves({"plain": history(**BOTH), "L2": history(**BOTH)}, "", every=2)
    for axis in axes():
        colors = [line.get_color() for line in axis.lines]
        assert colors == [plots.color("plain")] * 2 + [plots.color("L2")] * 2
        assert [line.get_linestyle() for line in axis.lines] == ["-", "--", "-", "--"]


@pytest.mark.parametrize("histories, options, words", [
    (history(**SEEN), {}, ["training"]),
    (history(**BOTH), {}, ["training", "test"]),
    (history(**BOTH), {"heldout": "validation"}, ["training", "validation"]),
    ({"plain": history(**BOTH), "L2": history(**SEEN)}, {}, ["plain", "L2", "training", "test"])])
def test_legend_of_learning_curves_names_all_and_covers_nothing(axes, histories, options, words):
    plots.learning_curves(histories, "", every=2, **options)
    found, covers = legend()
    assert found == words
    assert not covers, "learning_curves: the legend covers the curves that it explains"
    lines = {(handle.get_color(), handle.get_linestyle())
             for handle in plt.gcf().legends[0].legend_handles}
    assert len(lines) == len(words), "learning_curves: one line, two meanings"


def test_accuracy_is_drawn_from_0_to_1_and_cost_from_0(axes):
    plots.learning_curves(history(**BOTH), "", every=2)
    accuracy, cost = axes()
    assert accuracy.get_ylim() == (0, pytest.approx(1, abs=0.05)) and cost.get_ylim()[0] == 0


def shown_runs(axis):
    """Return, for each row of a panel of evidence, its dots: row number, values."""
    dots = [line for line in axis.lines if line.get_marker() == "o"]
    return {int(np.round(np.mean(line.get_ydata()))): line.get_xdata().tolist() for line in dots}


def shown_intervals(axis):
    """Return, for each row of a panel of evidence, the ends of its bar."""
    bars = [bar.get_children()[-1].get_segments()[0] for bar in axis.containers]
    return {int(np.round(bar[0, 1])): bar[:, 0].tolist() for bar in bars}


def test_evidence_shows_every_run_of_each_method_and_its_interval(axes):
    plots.evidence(RUNS, "")
    axis, = axes()
    assert [tick.get_text() for tick in axis.get_yticklabels()] == list(RUNS)
    assert axis.yaxis_inverted(), "evidence: the first method is not the topmost"
    assert axis.get_xlabel() == "test accuracy (fraction correct)"
    assert shown_runs(axis) == {row: runs.tolist() for row, runs in enumerate(RUNS.values())}
    # mean 0.62, standard deviation 0.02; Student's t for two degrees of freedom: 4.3027
    assert shown_intervals(axis)[0] == pytest.approx(
        [0.62 - 4.3027 * 0.02 / 3 ** 0.5, 0.62 + 4.3027 * 0.02 / 3 ** 0.5], abs=1e-5)


def test_evidence_compares_seed_by_seed_with_the_reference(axes):
    plots.evidence(RUNS, "", reference="L2")
    left, right = axes()
    assert len(shown_runs(left)) == 3
    assert sorted(shown_runs(right)) == sorted(shown_intervals(right)) == [0, 2], (
        "evidence: the right panel has a row for each method but the reference")
    np.testing.assert_allclose(shown_runs(right)[0], [-0.2, -0.14, -0.14])
    assert np.mean(shown_intervals(right)[0]) == pytest.approx(-0.16)
    assert right.get_xlabel() == "gain, same seed"
    (word, row), = [(text.get_text(), text.xy[1]) for text in right.texts]
    assert (word, row) == ("reference", 1), "evidence: what the gains are over is not to be seen"
    assert any(set(line.get_xdata()) == {0} for line in right.lines), "evidence: no line at zero"
    heights = {tuple(np.ptp(line.get_ydata()) + line.get_ydata()) for axis in (left, right)
               for line in axis.lines if line.get_marker() == "o"}
    assert len(heights) == 3, "evidence: a seed stands at two heights of a row"


def test_evidence_marks_what_the_lecture_printed(axes):
    plots.evidence(RUNS, "", reference="plain", lecture={"L2": 0.77, "plain": 0.62})
    crosses = [(line.get_xdata()[0], line.get_ydata()[0]) for line in axes()[0].lines
               if line.get_marker() == "x"]
    assert sorted(crosses) == [(0.62, 0), (0.77, 1)]
    words, covers = legend()
    assert sorted(words) == ["mean, 95% interval", "one seed", "the lecture"] and not covers


def test_evidence_keeps_the_runs_with_the_output(published, monkeypatch):
    monkeypatch.setattr(mnist, "source", "stand-in")
    plots.evidence(RUNS, "", reference="plain", lecture={"L2": 0.78}, quantity="cost")
    (_, metadata), = published
    del metadata["narrow"]
    assert metadata == {"evidence": {
        "quantity": "cost", "reference": "plain", "lecture": {"L2": 0.78}, "data": "stand-in",
        "runs": [[name, runs.tolist()] for name, runs in RUNS.items()]}}
    json.dumps(metadata)


@pytest.mark.parametrize("function", [
    lambda runs, **options: plots.evidence(runs, "", **options), plots.evidence_table],
    ids=["evidence", "evidence_table"])
@pytest.mark.parametrize("runs, options, cause", [
    ({"plain": [0.6, 0.7], "L2": [0.8]}, {}, "the same seeds, two or more.*'L2': .1,"),
    ({"plain": [0.6]}, {}, "two or more"), ({}, {}, "two or more"),
    ({"plain": [[0.6, 0.7], [0.6, 0.7]]}, {}, "needs a number for each"),
    (RUNS, {"reference": "l2"}, "the reference is 'l2', which is none of .'plain', 'L2'")])
def test_evidence_refuses_runs_that_cannot_be_compared(axes, function, runs, options, cause):
    with pytest.raises(ValueError, match=cause):
        function(runs, **options)


def test_evidence_refuses_a_lecture_of_another_method(axes):
    with pytest.raises(ValueError, match="'l2'.*which runs has not"):
        plots.evidence(RUNS, "", lecture={"l2": 0.78})


def test_evidence_table_prints_mean_spread_and_paired_gain(capsys):
    plots.evidence_table(RUNS, "plain")
    assert capsys.readouterr().out == """\
                 mean  +- sd       gain  +- half of the 95% interval
plain           0.620 +- 0.020
L2              0.780 +- 0.020  +0.160 +- 0.086
early stopping  0.550 +- 0.050  -0.070 +- 0.075
"""
    plots.evidence_table(RUNS)
    assert capsys.readouterr().out == """\
                 mean  +- sd
plain           0.620 +- 0.020
L2              0.780 +- 0.020
early stopping  0.550 +- 0.050
"""


def test_digits_draws_each_image_under_its_title(axes):
    plots.digits(np.arange(3)[:, None] * np.ones((3, 784)), ["a", "b", "c"], "", columns=2)
    drawn = [axis for axis in axes() if axis.images]
    assert [axis.get_title() for axis in drawn] == ["a", "b", "c"]
    assert [axis.images[0].get_array().mean() for axis in drawn] == [0, 1, 2]
    assert not any(axis.axison for axis in axes())


def test_weights_are_images_on_one_scale(axes):
    models = {"plain": model1.get_model(3), "L2": model3.get_model(3)}
    for model, largest in zip(models.values(), [2, -5]):
        hidden = model.get_layer("hidden")
        kernel = np.zeros((784, 3))
        kernel[30, 1], kernel[:, 2] = largest, 9   # the third unit is not drawn
        hidden.set_weights([kernel, np.zeros(3)])
    plots.weights(models, "", units=2)
    drawn = [axis for axis in axes() if axis.images]
    assert len(drawn) == 4
    for row, largest in enumerate([2, -5]):
        for axis in drawn[2 * row:2 * row + 2]:
            assert axis.images[0].get_clim() == (-5, 5), f"weights: row {row} has another color scale"
        assert drawn[2 * row + 1].images[0].get_array()[1, 2] == largest, "weights: no image"
        assert drawn[2 * row].get_ylabel() == list(models)[row]
    assert len([axis for axis in axes() if not axis.images]) == 1, "weights: a color bar for each scale"


def test_rows_of_the_confusion_matrix_are_true_digits_in_percent(axes):
    plots.confusion(np.array([3, 3, 3, 3]), np.array([3, 5, 5, 5]), "")
    axis = axes()[0]
    percent = axis.collections[0].get_array()
    assert percent.shape == (10, 10), "confusion: a digit that does not occur has no row"
    assert percent[3, 5] == 75, "confusion: true 3 taken for 5 three times of four is not 75%"
    assert percent[5, 3] == 0, "confusion: rows and columns are exchanged"
    assert axis.collections[0].get_clim() == (0, 100), "confusion: colors are not of 0 to 100%"
    shades = axis.collections[0].cmap(axis.collections[0].norm([0, 1, 3, 9]))[:, 3]
    assert shades[0] == 0 and np.diff(shades).min() > 0.08, "confusion: small shares look alike"
    assert axis.get_ylabel() == "true digit" and axis.get_xlabel() == "predicted digit"
    words = sorted(text.get_text() for text in axis.texts if text.get_text())
    assert words == ["25", "75"], "confusion: empty cells hide the errors behind zeros"


def test_saturation_draws_the_share_of_outputs_of_each_network(axes):
    plots.saturation({"plain": np.array([[0.0, 0.001], [1, 1]]), "L2": np.full((3, 2), 0.5)}, "")
    plain, l2 = axes()
    assert [plain.get_title(), l2.get_title()] == ["plain", "L2"]
    heights = [[bar.get_height() for bar in axis.patches] for axis in (plain, l2)]
    assert heights[0][0] == heights[0][-1] == 50, "saturation: half of the outputs are not 50%"
    assert max(heights[1]) == sum(heights[1]) == pytest.approx(100)
    assert plain.patches[0].get_x() == pytest.approx(0)


def test_saturation_of_tanh_begins_at_minus_1(axes):
    plots.saturation({"tanh": np.array([-1.0, 1, 0.5, 0.5])}, "")
    bars = axes()[0].patches
    assert bars[0].get_x() == -1 and bars[0].get_height() == 25
    assert sum(bar.get_height() for bar in bars) == pytest.approx(100)


def test_a_method_has_one_color_in_all_figures(axes):
    runs = RUNS["plain"]
    for number, names in enumerate([["plain", "L2 0.001"], ["L2 0.001", "dropout on units", "plain"]]):
        plots.evidence(dict.fromkeys(names, runs), "")
        dots = [line for line in plt.gcf().axes[0].lines if line.get_marker() == "o"]
        assert [dot.get_color() for dot in dots] == [plots.color(name) for name in names]
    assert len({plots.color(name) for name in [
        "plain", "L2 0.001", "dropout 0.2", "dropout on pixels", "pixels / 255", "control"]}) == 6
    assert plots.color("control, L2") == plots.color("L2 0.001")
    assert plots.color("an unknown method") == "0.45"


def test_curves_of_unknown_methods_take_colors_that_no_method_of_the_figure_has(axes):
    plots.learning_curves({"a": history(**SEEN), "plain": history(**SEEN)}, "")
    unknown, plain = [line.get_color() for line in axes()[0].lines]
    assert plain == plots.color("plain") and unknown not in (plain, "0.45")


def test_blank_pixels_show_the_page_behind_them():
    for name, zero in [("ink", 0.0), ("signed", 0.5)]:
        assert matplotlib.colormaps[name](zero)[3] < 0.05, f"{name}: a box on a dark page"


def test_figures_read_on_white_notebooks_and_by_color_blind_readers():
    assert plt.rcParams["figure.facecolor"] == "white", (
        "course.mplstyle: without white behind it, black text is lost in a dark notebook")
    colors = plt.rcParams["axes.prop_cycle"].by_key()["color"]
    assert [f"#{color.lstrip('#').lower()}" for color in colors] == [*figures.METHODS, "#000000"], (
        "course.mplstyle: not the colors that _ext/figures.py puts the page's colors in place of")
