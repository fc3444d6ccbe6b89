"""Keras's `fit`, with each epoch compiled into one call; and many such trainings, side by side.

`model.fit` goes back to Python after every batch. With five images in a batch that costs far more
than the arithmetic does, and a thousand epochs take minutes. Here a whole epoch is one compiled
loop over Keras's own `train_step`; all the rest (optimizer, regularizers, metrics, callbacks,
`History`) is Keras's `fit`, called below.
"""

import os
import warnings

import joblib
import keras
import numpy as np
import tensorflow as tf

# TensorFlow warns when it compiles the same function for many models: that is what lessons do.
tf.get_logger().setLevel("ERROR")

# joblib replaces a process that has grown, as TensorFlow's do with every network they compile.
warnings.filterwarnings("ignore", message="A worker stopped while some jobs were given")

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


def fit(model, x, y, batch_size=32, epochs=1, *, shuffle=True, seed=None, validation_data=None,
        callbacks=(), jit_compile=True, **options):
    """Train a compiled Keras model as `model.fit` does; return its `History`.

    x, y: arrays with one row per image, kept in memory.
    shuffle: a new order of the images for each epoch, from `seed` (an integer), or from
        `keras.utils.set_random_seed` where `seed` is None. The last batch may be smaller.
    validation_data: a pair of arrays, evaluated in one batch after each `validation_freq` epochs.
    jit_compile: let XLA fuse the loop's arithmetic; the result is then that of a model compiled
        with `jit_compile=True`, bit for bit, and otherwise that of a plain one.
    options: anything else that `model.fit` takes (`validation_freq`, `initial_epoch`, ...).

    A progress bar is shown unless the environment variable PROGRESS is 0.
    """
    if len(x) != len(y):
        raise ValueError(f"x has {len(x)} rows and y has {len(y)}: each image needs its label")
    if batch_size < 1 or epochs < 1 or not len(x):
        raise ValueError("fit needs at least one image, a batch_size and epochs of at least 1; "
                         f"it got {len(x)}, {batch_size} and {epochs}")
    x, y = tf.convert_to_tensor(x), tf.convert_to_tensor(y)
    n, whole = len(x), len(x) // batch_size * batch_size

    @tf.function(jit_compile=jit_compile)
    def run_epoch(order):
        for batch in tf.reshape(order[:whole], (-1, batch_size)):
            model.train_step((tf.gather(x, batch), tf.gather(y, batch)))
        if whole < n:
            model.train_step((tf.gather(x, order[whole:]), tf.gather(y, order[whole:])))
        return model.get_metrics_result()

    orders = tf.data.Dataset.range(n, output_type=tf.int32)
    if shuffle:
        orders = orders.shuffle(n, seed=seed)
    if validation_data is not None:
        validation_data = tf.data.Dataset.from_tensors(tuple(validation_data))
    if os.environ.get("PROGRESS") != "0":
        callbacks = [*callbacks, _Progress()]

    # Keras calls train_function once for each "step"; a step here is an epoch's order of images.
    model.train_function = lambda iterator: run_epoch(next(iterator))
    try:
        return model.fit(orders.batch(n).repeat(), steps_per_epoch=1, epochs=epochs, shuffle=False,
                         validation_data=validation_data, callbacks=list(callbacks), verbose=0,
                         **options)
    finally:
        model.train_function = None   # or a later model.fit would train on these images


def over_seeds(experiment, seeds):
    """Return `experiment(seed)` for each of the seeds, as rows of an array.

    experiment: a function of a seed that returns a number or several. Each call
        begins with `keras.utils.set_random_seed(seed)` and runs in another
        process; all cores work side by side.
    """
    def run(seed):
        os.environ["PROGRESS"] = "0"   # one bar, below, counts the runs of all
        keras.utils.clear_session()   # or a process would keep all its networks
        keras.utils.set_random_seed(seed)
        return experiment(seed)

    # max_nbytes: arrays by value; joblib waits seconds to delete shared ones
    side_by_side = joblib.Parallel(n_jobs=-1, return_as="generator",
                                   max_nbytes=None)
    results, bar = [], keras.utils.Progbar(len(seeds), unit_name="run")
    for result in side_by_side(joblib.delayed(run)(seed) for seed in seeds):
        results.append(result)
        if os.environ.get("PROGRESS") != "0":
            bar.update(len(results))
    return np.array(results)
