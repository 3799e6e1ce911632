import keras
import numpy as np
import pytest

from alen_tf.networks.penalty import HalfSquares, penalty


def test_half_the_squares_of_penalised_kernels_times_their_weights():
    layers = [
        keras.layers.Dense(5, kernel_regularizer=HalfSquares(0.3)),
        keras.layers.Dense(2, kernel_regularizer=HalfSquares(0.1)),
        keras.layers.Dense(1),
    ]
    network = keras.Sequential([keras.Input((7,)), *layers])
    first, second = (np.float64(layer.kernel) for layer in layers[:2])
    expected = 0.15 * np.sum(first**2) + 0.05 * np.sum(second**2)
    assert float(penalty(network)) == pytest.approx(expected, rel=1e-6)


def test_it_is_no_part_of_what_keras_adds_to_losses():
    network = keras.Sequential(
        [keras.Input((7,)), keras.layers.Dense(5, kernel_regularizer=HalfSquares(0.3))]
    )
    assert float(sum(network.losses)) == 0.0


def test_a_network_without_any_has_none():
    network = keras.Sequential(
        [keras.Input((7,)), keras.layers.Dense(5, kernel_regularizer=keras.regularizers.L2(0.3))]
    )
    assert penalty(network) is None


def test_it_can_be_saved():
    assert HalfSquares.from_config(HalfSquares(0.3).get_config()).weight == 0.3
