"""model1 with an L2 penalty on the weights of both layers."""

import keras
from keras import layers, regularizers


def get_model(numnodes, lam=0.0):
    """Return the uncompiled network 784 -> `numnodes` -> 10 with weight decay.

    Each layer adds `lam` * sum(w**2) over its weights, not its biases, to the
    cost. The textbook formula has lambda / 2 in front of the sum, so `lam` is
    half of the textbook's lambda.

    Input: (batch, 784) pixel values.
    Output: (batch, 10), a number in (0, 1) for each digit.
    """
    return keras.Sequential([
        keras.Input((784,)),
        layers.Dense(numnodes, name="hidden", activation="sigmoid",
                     kernel_regularizer=regularizers.L2(lam)),
        layers.Dense(10, name="output", activation="sigmoid",
                     kernel_regularizer=regularizers.L2(lam)),
    ])
