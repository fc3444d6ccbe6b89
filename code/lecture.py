"""The lecture's experiment: its images, its settings, and how well it turns out.

Every lesson starts from here, and says only what it does differently.
"""

import mnist   # before Keras: it silences TensorFlow's start-up notices
import training

import keras
import numpy as np


def load_data():
    """Return the images to train on, to choose settings by, and to judge by.

    (x_500, y_500): the lecture's 500 training images, the first of MNIST's.
    (x_validation, y_validation): the last 5,000 training images, which no
        lesson trains on.
    (x_test, y_test): all 10,000 test images.

    x: float32 (n, 784), the pixels, 0 to 255. y: float32 (n, 10), one-hot.
    """
    (x_train, y_train), (x_test, y_test) = load_all_data()
    return ((x_train[:500].astype("float32"), y_train[:500]),
            (x_train[55000:].astype("float32"), y_train[55000:]),
            (x_test.astype("float32"), y_test))


def load_all_data():
    """Return all images, (x_train, y_train), (x_test, y_test), as Keras does.

    x: uint8 (60,000, 784) and (10,000, 784), the pixels, 0 to 255: a quarter of
        the memory of float32, which Keras makes of each batch by itself.
    y: float32 (60,000, 10) and (10,000, 10), one-hot.

    The last 5,000 training images are the validation images of `load_data`: to
    choose settings by them, train on the first 55,000.
    """
    return tuple((x.reshape(-1, 784), np.eye(10, dtype="float32")[y])
                 for x, y in mnist.load_data())


def train(model, x, y, *, learning_rate=0.01, loss="mean_squared_error",
          epochs=1000, batch_size=5, **options):
    """Train with plain gradient descent, at the lecture's settings by default.

    x: (n, 784). y: (n, 10), one-hot.
    options: what `training.fit` takes besides, such as `validation_data`.

    Returns Keras's `History`.
    """
    model.compile(optimizer=keras.optimizers.SGD(float(learning_rate)), loss=loss,
                  metrics=["accuracy"])
    return training.fit(model, x, y, epochs=epochs, batch_size=batch_size,
                        **options)


def correct(model, x, y):
    """Return (n,) booleans: is an image's largest output the one of its label?

    x: (n, 784). y: (n, 10), one-hot.
    """
    outputs = model(x, training=False)   # in one batch: much quicker than predict
    return np.argmax(outputs, axis=1) == np.argmax(y, axis=1)


def accuracy(model, x, y):
    """Return the fraction of the images that `model` gets right, from 0 to 1."""
    return float(np.mean(correct(model, x, y)))


def hidden(model, x):
    """Return the hidden layer's inputs z and outputs h, (n, units) each."""
    layer = model.get_layer("hidden")
    before = keras.Model(model.inputs[0], layer.input)(x, training=False)
    z = before @ layer.kernel + layer.bias
    return np.asarray(z), np.asarray(layer.activation(z))
