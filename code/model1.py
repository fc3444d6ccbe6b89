"""The lecture's first network: one hidden layer, nothing against over-fitting.

The files are numbered as in the lecture, which shows no model2.
"""

import keras
from keras import layers


def get_model(numnodes):
    """Return the uncompiled network 784 -> `numnodes` -> 10, sigmoids throughout.

    Input: (batch, 784) pixel values.
    Output: (batch, 10), a number in (0, 1) for each digit.
    """
    return keras.Sequential([
        keras.Input((784,)),
        layers.Dense(numnodes, name="hidden", activation="sigmoid"),
        layers.Dense(10, name="output", activation="sigmoid"),
    ])
