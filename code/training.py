"""Keras's `fit`, with each epoch compiled into one call.

`model.fit` goes back to Python after every batch. With five images in a batch that costs far more
than the arithmetic does, and a thousand epochs take minutes. Here a whole epoch is one compiled
loop over Keras's own `train_step`; optimizer, regularizers, metrics, callbacks and `History` are
Keras's.
"""

import hashlib
import os
import re
from contextlib import contextmanager
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.framework import ops

# TensorFlow warns when it compiles the same function for many models: that is what lessons do.
tf.get_logger().setLevel("ERROR")

# In this version XLA's new emitters draw a dropout layer's random numbers many times slower than the
# old ones. Another version may not know the flag, and an unknown flag ends the process.
if tf.__version__.startswith("2.21."):
    os.environ.setdefault("XLA_FLAGS", "--xla_cpu_use_fusion_emitters=false")


class _Progress(keras.callbacks.Callback):
    """One bar for the whole training, where Keras would print a line for each epoch."""

    def on_train_begin(self, logs=None):
        self.bar = keras.utils.Progbar(self.params["epochs"], unit_name="epoch")

    def on_epoch_end(self, epoch, logs=None):
        self.bar.update(epoch + 1)


def fit(model, x, y, batch_size=32, epochs=1, *, verbose=1, callbacks=(), validation_data=None,
        shuffle=True, initial_epoch=0, validation_freq=1, seed=None, jit_compile=True, **others):
    """Train a compiled Keras model as `model.fit` does; return its `History`.

    x, y: arrays with one row per image, kept in memory.
    verbose: 0 for no progress bar; there is none either where the environment variable PROGRESS is 0.
    callbacks: those that act between epochs; within an epoch Python is not asked.
    validation_data: arrays (x, y), evaluated in one batch after every `validation_freq` epochs.
    shuffle: a new order of the images for each epoch, from `seed` (an integer), or from
        `keras.utils.set_random_seed` where `seed` is None. The last batch may be smaller.
    jit_compile: let XLA fuse the loop's arithmetic; the result is then that of a model compiled
        with `jit_compile=True`, bit for bit, and otherwise that of a plain one.

    Raises TypeError for what only `model.fit` can do, ValueError for arguments that make no training.
    """
    _refuse(model, x, y, batch_size, epochs, callbacks, validation_data, others)
    x, y = tf.convert_to_tensor(x), tf.convert_to_tensor(y)
    n, batch_size = len(x), min(batch_size, len(x))
    whole = n // batch_size * batch_size

    @tf.function(jit_compile=jit_compile)
    def epoch_of(x, y, order):
        with _quick_penalties(model):
            for batch in tf.reshape(order[:whole], (-1, batch_size)):
                model.train_step((tf.gather(x, batch), tf.gather(y, batch)))
            if whole < n:
                model.train_step((tf.gather(x, order[whole:]), tf.gather(y, order[whole:])))
        return _take_metrics(model)

    @tf.function
    def validate():
        model.test_step(tuple(map(tf.convert_to_tensor, validation_data)))
        return _take_metrics(model)

    with _forget_gradients():
        traced = epoch_of.get_concrete_function(x, y, tf.range(n))
    program = f"jit_compile {jit_compile} {_program(traced.graph.as_graph_def())}"
    run_epoch = _compiled(program, traced)
    seed = np.random.randint(2**31) if seed is None else seed
    rng = np.random.default_rng(seed)
    alone = not callbacks and validation_data is None   # they see more than what comes of it
    bar = [_Progress()] if verbose and os.environ.get("PROGRESS") != "0" else []
    callbacks = keras.callbacks.CallbackList([*callbacks, *bar], add_history=True, model=model,
                                             epochs=epochs, steps=1, verbose=verbose)
    model.stop_training = False
    model.reset_metrics()
    kept = _Kept(program, traced, x, y, (seed, shuffle, initial_epoch, epochs)) if alone else None
    callbacks.on_train_begin()
    for epoch in range(initial_epoch, epochs):
        callbacks.on_epoch_begin(epoch)
        if kept and kept.logs:
            logs = kept.logs[epoch - initial_epoch]
        else:
            order = tf.constant(rng.permutation(n) if shuffle else np.arange(n), tf.int32)
            logs = {name: float(value) for name, value in run_epoch(x, y, order).items()}
        if validation_data is not None and (epoch + 1) % validation_freq == 0:
            logs |= {f"val_{name}": float(value) for name, value in validate().items()}
        callbacks.on_epoch_end(epoch, logs)
        if model.stop_training:
            break
    if kept:
        kept.finish(model.history)
    model.optimizer.finalize_variable_values(model.trainable_weights)
    callbacks.on_train_end(logs)
    return model.history


@contextmanager
def _forget_gradients():
    """Remove the custom gradients that TensorFlow registers in here.

    It would keep each for ever, and the whole graph with it: ten thousand objects a network. The
    epoch's backward pass is traced by then, and asks for them no more.
    """
    registered = ops.gradient_registry._registry
    before = set(registered)
    yield
    for name in registered.keys() - before:
        if name.startswith("CustomGradient-"):
            del registered[name]


_programs = {}


def _compiled(program, epoch):
    """Return a function that does what `epoch` does, compiled already if an equal one was before.

    To compile takes twice as long as to trace, and the networks of different seeds differ in
    their variables only: these are exchanged.
    """
    compiled = _programs.setdefault(program, epoch)
    compiled.set_external_captures(epoch.captured_inputs)
    return compiled


def _program(graph):
    """Return a traced graph as text that is the same for the same arithmetic.

    TensorFlow gives no name twice, so names differ: here they are numbers, in order.
    """
    functions = {function.signature.name: function for function in graph.library.function}
    called = re.compile("|".join(["CustomGradient-[0-9]+",
                                  *(f"{name}(?![0-9])" for name in functions)]))
    numbers, parts = {}, [_numbered(graph.node)]
    for part in parts:
        for name in called.findall(part):
            if name not in numbers:
                numbers[name] = f"number {len(numbers)}"
                if function := functions.get(name):
                    parts.append(_numbered(
                        function.node_def, function.signature.input_arg,
                        [function.ret[output.name] for output in function.signature.output_arg],
                        function.control_ret.values()))
    return called.sub(lambda name: numbers[name[0]], "".join(parts))


def _numbered(nodes, arguments=(), results=(), effects=()):
    """Return the nodes of a graph or function as text, with a number for each name."""
    numbers = {part.name: str(number) for number, part in enumerate([*arguments, *nodes])}

    def renamed(source):   # such as "^name" or "name:output:0"
        name, *output = source.removeprefix("^").split(":")
        return "^" * source.startswith("^") + ":".join([numbers[name], *output])

    text = [f"{[argument.type for argument in arguments]} {list(map(renamed, results))} "
            f"{sorted(map(renamed, effects))}"]
    for node in nodes:
        attributes = sorted((name, str(value)) for name, value in node.attr.items()
                            if name != "_user_specified_name")
        text.append(f"{node.op} {list(map(renamed, node.input))} {attributes}")
    return "\n".join(text)


class _Kept:
    """What came of a training, kept while the site is built: lessons begin with the same ones.

    COURSE_TRAININGS is the folder; without it nothing is kept. Two trainings are the same where
    the program, the images, their order and every variable at the start are, to the bit.
    """

    def __init__(self, program, epoch, x, y, settings):
        self.logs, self.path = [], None
        if not (folder := os.environ.get("COURSE_TRAININGS")):
            return
        variables = {id(variable.handle): variable for variable in epoch.graph.variables}
        given = [variables.get(id(value), value) for value in epoch.captured_inputs]
        self.variables = [value for value in given if hasattr(value, "assign")]
        start = hashlib.sha256(f"{program} {settings}".encode())
        for value in [x, y, *given]:
            array = value.numpy()
            start.update(f"{array.dtype} {array.shape}".encode() + array.tobytes())
        self.path = Path(folder, f"{start.hexdigest()}.npz")
        if self.path.exists():
            with np.load(self.path) as kept:
                self.end = [kept[f"variable {number}"] for number in range(len(self.variables))]
                names = kept["names"].tolist()
                self.logs = [dict(zip(names, row)) for row in kept["rows"].tolist()]

    def finish(self, history):
        """Give the variables the values of the end, or keep those that they have."""
        if self.logs:
            for variable, value in zip(self.variables, self.end):
                variable.assign(value)
        elif self.path:
            whole = self.path.with_suffix(f".{os.getpid()}.npz")
            names, columns = zip(*history.history.items())
            np.savez(whole, names=names, rows=np.transpose(columns),
                     **{f"variable {number}": variable.numpy()
                        for number, variable in enumerate(self.variables)})
            os.replace(whole, self.path)   # another process sees all of it or nothing


def _take_metrics(model):
    """Return the metrics of what has passed through the model, and begin them anew."""
    results = model.get_metrics_result()
    model.reset_metrics()
    return results


class _L2(keras.regularizers.L2):
    """Keras's L2, its sum taken as a product with ones: XLA adds numbers one after the other."""

    def __call__(self, w):
        return self.l2 * keras.ops.sum(keras.ops.ones((1, w.shape[0])) @ keras.ops.square(w))


@contextmanager
def _quick_penalties(model):
    """While the epoch is compiled, let `_L2` stand for Keras's L2: the same gradient, to the bit."""
    kernels = [weight for weight in model.trainable_weights
               if type(weight.regularizer) is keras.regularizers.L2 and len(weight.shape) == 2]
    penalties = [kernel.regularizer for kernel in kernels]
    try:
        for kernel, penalty in zip(kernels, penalties):
            kernel.regularizer = _L2(penalty.l2)
        yield
    finally:
        for kernel, penalty in zip(kernels, penalties):
            kernel.regularizer = penalty


def _refuse(model, x, y, batch_size, epochs, callbacks, validation_data, others):
    """Raise, in a sentence that says what to do, for what `fit` above cannot do as Keras does."""
    if not model.compiled:
        raise ValueError("fit needs a compiled model: call model.compile(...) first")
    for name in others:
        raise TypeError(f"this course's fit does not take {name}: leave it out, or call model.fit")
    if not hasattr(x, "shape") or not hasattr(y, "shape"):
        raise TypeError("this course's fit takes x and y as arrays, one row per image: for "
                        f"{type(x).__name__} and {type(y).__name__} call model.fit")
    if len(x) != len(y):
        raise ValueError(f"x has {len(x)} rows and y has {len(y)}: each image needs its label")
    if batch_size < 1 or epochs < 1 or not len(x):
        raise ValueError("fit needs at least one image, a batch_size and epochs of at least 1; "
                         f"it got {len(x)}, {batch_size} and {epochs}")
    if validation_data is not None and not isinstance(validation_data, (tuple, list)):
        raise TypeError("this course's fit takes validation_data as a pair of arrays (x, y): for a "
                        f"{type(validation_data).__name__} call model.fit")
    for callback in callbacks:
        for hook in dir(keras.callbacks.Callback):
            if ("batch" in hook or "test" in hook) and (
                    getattr(type(callback), hook) is not getattr(keras.callbacks.Callback, hook)):
                raise TypeError(f"{type(callback).__name__} acts in {hook}, and this course's fit "
                                "runs an epoch in one call: for it call model.fit")
