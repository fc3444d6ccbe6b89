"""What the files in code/ promise to the lessons."""

import inspect
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import mnist   # before anything that loads TensorFlow: it silences the start-up notices

import keras
import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import tensorflow as tf

import claims
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
        import mnist, model1, model3, model4, model5, model6, training, numpy
        x, y = numpy.ones((7, 784)), numpy.ones((7, 10))
        for seed in range(5):
            model = model3.get_model(3, lam=0.1)
            model.compile("sgd", "mean_squared_error", metrics=["accuracy"])
            training.fit(model, x, y, batch_size=5, jit_compile=seed == 0)
            model.evaluate(x, y, verbose=0)
    """
    # unset what importing mnist has set here: it is the subprocess's own import that must do it
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
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert len(set(processes)) == min(4, cores)
    assert os.getpid() not in processes or cores == 1


@pytest.mark.parametrize("gibibytes, cores, processes", [
    ("max", 4, 4), (2, 1, 1), (2, 2, 2), (2, 4, 2), (1, 4, 1), (0.5, 2, 1), (64, 4, 4)])
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


def test_over_seeds_raises_what_a_run_raises():
    with pytest.raises(ZeroDivisionError):
        seeds.over_seeds(lambda seed: 1 / seed, [1, 0])


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


@pytest.mark.parametrize("measured, bounds", [
    (0.785, {"at_least": 0.7}), (0.7, {"at_least": 0.7}), (0.785, {"at_most": 0.8}),
    (0.8, {"at_most": 0.8}), (0.785, {"at_least": 0.7, "at_most": 0.8}), (0, {"at_least": 0}),
    (-1, {"at_most": 0})])
def test_claim_within_its_bounds_holds(published, measured, bounds):
    try:
        claims.claim("L2 helps", measured, **bounds)
    except claims.ClaimFailed:
        pytest.fail(f"claim: {measured} is within {bounds}, and it raised")


@pytest.mark.parametrize("measured, bounds", [
    (0.6, {"at_least": 0.7}), (0.9, {"at_most": 0.8}), (0.6, {"at_least": 0.7, "at_most": 0.8}),
    (0.9, {"at_least": 0.7, "at_most": 0.8}), (-1, {"at_least": 0}), (1, {"at_most": 0}),
    (float("nan"), {"at_least": 0.7}), (float("nan"), {"at_most": 0.8}),
    (float("nan"), {"at_least": 0.7, "at_most": 0.8})])
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
    (0.785, {"at_least": 0.7, "at_most": 0.8},
     "holds: L2 helps, measured 0.785, needs at least 0.7 and at most 0.8"),
    (23860, {"at_least": 20000}, "holds: L2 helps, measured 23,860, needs at least 20,000")])
def test_claim_prints_one_line(published, capsys, measured, bounds, line):
    claims.claim("L2 helps", measured, **bounds)
    assert [shown for shown, metadata in published] == [{"text/plain": line}], (
        "claim: the line is not of the form that the tests of the lessons and readers know")
    assert capsys.readouterr() == ("", ""), "claim: something besides its line was printed"


def test_claim_keeps_its_measurement_with_the_output(published, monkeypatch):
    monkeypatch.setattr(mnist, "source", "MNIST")
    claims.claim("L2 helps", np.float32(0.75), at_least=0.7, lecture=0.76)
    (shown, metadata), = published
    assert metadata["claim"] == {
        "sentence": "L2 helps", "measured": 0.75, "at_least": 0.7, "at_most": None,
        "data": "MNIST", "lecture": 0.76, "verdict": "holds", "shown": "0.75",
        "needs": "at least 0.7"}, (
        "claim: the record that the page of results is made from is not complete")
    assert type(metadata["claim"]["measured"]) is float, (
        "claim: the measurement cannot be written to a notebook, which is JSON")


def test_failed_claim_names_the_sentence_the_measurement_and_the_bound():
    with pytest.raises(claims.ClaimFailed) as failure:
        claims.claim("L2 helps", 0.6123, at_least=0.7)
    assert str(failure.value) == "does not hold: L2 helps, measured 0.612, needs at least 0.7"


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


@pytest.mark.parametrize("source, data", [
    ("MNIST", "MNIST"), ("MNIST", "any"), ("stand-in", "any")])
def test_claim_is_judged_on_the_data_that_it_is_for(monkeypatch, source, data):
    monkeypatch.setattr(mnist, "source", source)
    with pytest.raises(claims.ClaimFailed):
        claims.claim("L2 helps", 0.6, at_least=0.7, data=data)


def test_claim_without_a_bound_is_an_error():
    with pytest.raises(ValueError, match="at_least or at_most"):
        claims.claim("L2 helps", 0.785)


# Plots

def history(**values):
    record = keras.callbacks.History()
    record.history = values
    return record


SEEN = {"loss": [2, 1, 1, 0.5], "accuracy": [0.1, 0.5, 0.6, 0.7]}
BOTH = {**SEEN, "val_loss": [1.5, 1], "val_accuracy": [0.3, 0.5]}


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
], ids=["learning_curves of one", "learning_curves of two", "digits", "digits as rows",
        "weights of two", "weights of one", "confusion"])
def test_each_plot_is_shown_with_its_description_and_closed(published, draw):
    draw()
    (shown, metadata), = published
    assert shown["image/png"].startswith(b"\x89PNG"), "plots: no image was shown"
    assert shown["text/plain"] == "what it shows", "plots: the image has no description beside it"
    assert not plt.get_fignums(), "plots: the figure stays open and would be shown a second time"


@pytest.fixture
def axes(monkeypatch):
    """Leave the figure open, and return its axes when called."""
    monkeypatch.setattr(plots, "show", lambda description: None)
    yield lambda: plt.gcf().axes
    plt.close("all")


def test_test_curve_lies_at_the_epochs_that_were_evaluated(axes):
    plots.learning_curves(history(**BOTH), "", every=2)
    seen, evaluated = axes()[0].lines
    assert list(seen.get_xdata()) == [1, 2, 3, 4]
    assert list(evaluated.get_xdata()) == [2, 4], "learning_curves: `every` is ignored"


def test_rows_of_the_confusion_matrix_are_true_digits(axes):
    plots.confusion(np.array([3, 3, 3, 3]), np.array([3, 5, 5, 5]), "")
    percent = axes()[0].images[0].get_array()
    assert percent[3, 5] == 75, "confusion: true 3 taken for 5 three times of four is not 75%"
    assert percent[5, 3] == 0, "confusion: rows and columns are exchanged"
