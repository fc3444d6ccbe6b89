"""model5 with batch normalization between the hidden layer and the output."""

import keras
from keras import layers


def get_model(numnodes):
    """Return the uncompiled model5 with its hidden outputs normalized.

    During training each hidden unit's output is standardized with the mean and
    variance of the batch, at prediction with their running averages; then a
    learned scale and shift apply.

    Input: (batch, 784) pixel values.
    Output: (batch, 10), probabilities that sum to 1.
    """
    return keras.Sequential([
        keras.Input((784,)),
        layers.Dense(numnodes, name="hidden", activation="tanh"),
        layers.BatchNormalization(name="batch_normalization"),
        layers.Dense(10, name="output", activation="softmax"),
    ])
