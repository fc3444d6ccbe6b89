"""model1 with dropout between the hidden layer and the output."""

import keras
from keras import layers


def get_model(numnodes, d_rate=0.4):
    """Return the uncompiled network 784 -> `numnodes` -> dropout -> 10.

    During training each hidden unit's output is set to zero with probability
    `d_rate`, anew for every image of every batch, and the others are multiplied
    by 1 / (1 - d_rate). At prediction the layer does nothing.

    Input: (batch, 784) pixel values.
    Output: (batch, 10), a number in (0, 1) for each digit.
    """
    return keras.Sequential([
        keras.Input((784,)),
        layers.Dense(numnodes, name="hidden", activation="sigmoid"),
        layers.Dropout(d_rate, name="dropout"),
        layers.Dense(10, name="output", activation="sigmoid"),
    ])
