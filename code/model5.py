"""The lecture's improved network: tanh inside, softmax at the output."""

import keras
from keras import layers


def get_model(numnodes):
    """Return the uncompiled network 784 -> `numnodes` (tanh) -> 10 (softmax).

    Input: (batch, 784) pixel values.
    Output: (batch, 10), probabilities that sum to 1.
    """
    return keras.Sequential([
        keras.Input((784,)),
        layers.Dense(numnodes, name="hidden", activation="tanh"),
        layers.Dense(10, name="output", activation="softmax"),
    ])
