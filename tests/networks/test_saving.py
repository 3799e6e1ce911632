"""Every network of the package is saved and loaded by Keras alone."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from alen_tf.inference.ascent import GradientAscent
from alen_tf.models.dvn import DVN
from alen_tf.networks.conv import ConvEnergy
from alen_tf.networks.crf import MeanFieldCRF
from alen_tf.networks.energy import Energy
from alen_tf.networks.fcn import FCN, FCNEnergy
from alen_tf.networks.icnn import ICNN
from alen_tf.networks.mlp import MLP, MLPEnergy
from alen_tf.networks.precision import made_in
from alen_tf.networks.unet import UNet, UNetEnergy

# NumPy 2 warns of what Keras does to save a variable.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

X, Y = (3, 6), (3, 4)
IMAGES, MASKS = (2, 8, 12, 3), (2, 8, 12, 2)
# All settings differ from their defaults: one that is not saved gives another network.
NETWORKS = {
    "MLP": (lambda: MLP(4, 5, 2, 0.1, 0.2, -1.0, 0.1, "g"), X),
    "MLPEnergy": (lambda: MLPEnergy(5, 2, 3, 0.1, 0.5, 0.1, "v"), [X, Y]),
    "ICNN": (lambda: ICNN(5, 2, (4, 3), 0.1, "v"), [X, Y]),
    "FCN": (lambda: FCN(2, (4, 6, 8), 0.1, "g"), IMAGES),
    "FCNEnergy": (lambda: FCNEnergy((4, 6, 8), True, "v"), [IMAGES, MASKS]),
    "ConvEnergy": (lambda: ConvEnergy((4, 6, 8), (5, 3), "v"), [IMAGES, MASKS]),
    "UNet": (lambda: UNet(2, (4, 8), 0.1, 2, "g"), IMAGES),
    "UNetEnergy": (lambda: UNetEnergy((4, 8), (4, 6), 0.1, 2, 2, "v"), [IMAGES, MASKS]),
    "MeanFieldCRF": (
        lambda: MeanFieldCRF(2, FCN(2, (4, 6, 8), 0.1, "u"), 3, 1.0, 4.0, 0.4, "g"),
        IMAGES,
    ),
}
every_network = pytest.mark.parametrize("name", NETWORKS)


def example(shapes):
    """Inputs of these shapes: a tensor, or a list of two."""
    random = np.random.RandomState(0)
    drawn = keras.tree.map_shape_structure(lambda shape: random.rand(*shape), shapes)
    return tf.nest.map_structure(lambda each: tf.constant(each, tf.float32), drawn)


def rebuilt(network):
    """A network of the same configuration, without the weights."""
    return keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(network))


def saved_and_loaded(network, folder):
    network.save(folder / "network.keras")
    return keras.saving.load_model(folder / "network.keras")


@every_network
def test_the_configuration_makes_the_same_network(name):
    make, shapes = NETWORKS[name]
    network = make()
    copy = rebuilt(network)
    assert type(copy) is type(network)
    # As JSON, to which a tuple and a list are the same.
    assert json.dumps(copy.get_config()) == json.dumps(network.get_config())
    made = []
    for each in (network, copy):
        keras.utils.set_random_seed(0)
        each.build(shapes)
        made.append(each(example(shapes)))
    np.testing.assert_array_equal(*made)


@every_network
def test_a_loaded_network_gives_the_same_outputs_to_the_bit(name, tmp_path, random):
    make, shapes = NETWORKS[name]
    network = rebuilt(make())
    network.build(shapes)
    for variable in network.variables:
        if variable.dtype == "float32":  # biases and statistics too, away from where they start
            variable.assign(variable + 0.1 * random.rand(*variable.shape))
    expected = network(example(shapes))
    loaded = saved_and_loaded(network, tmp_path)
    assert type(loaded) is type(network)
    np.testing.assert_array_equal(loaded(example(shapes)), expected)
    keras.utils.set_random_seed(7)  # the weights are the saved ones, not those that a seed gives
    assert np.any(make()(example(shapes)) != expected)


@every_network
def test_a_network_computes_alike_wherever_it_is_built_and_loaded(name, tmp_path):
    make, shapes = NETWORKS[name]
    with made_in("mixed_bfloat16"):
        network = make()
    network.build(shapes)
    expected = network(example(shapes))
    loaded = saved_and_loaded(network, tmp_path)
    computed = {layer.compute_dtype for layer in loaded._flatten_layers(include_self=False)}
    assert "bfloat16" in computed
    np.testing.assert_array_equal(loaded(example(shapes)), expected)


def test_the_number_of_outputs_that_a_model_sets_is_saved(tmp_path):
    crf = MeanFieldCRF(unary=FCN(filters=(4, 6, 8)))
    assert crf.outputs is crf.unary.outputs is None
    crf.outputs = 2
    expected = crf(example(IMAGES))
    assert expected.shape == MASKS
    loaded = saved_and_loaded(crf, tmp_path)
    assert loaded.outputs == loaded.unary.outputs == 2
    np.testing.assert_array_equal(loaded(example(IMAGES)), expected)


@pytest.mark.parametrize("kind", [list, tuple])
def test_an_energy_takes_a_list_or_a_tuple(kind):
    energy = MLPEnergy(hidden_units=5)
    assert energy(kind(example([X, Y]))).shape == (3,)


@keras.saving.register_keras_serializable("tests")
class OfAUser(Energy):
    """An energy as a user writes it, with nothing about precision."""

    def __init__(self, labels, units=8, name="energy"):
        super().__init__(name=name)
        self.labels = labels
        self.units = units
        self.local = keras.layers.Dense(labels)
        self.hidden = keras.layers.Dense(units, activation="softplus")
        self.mix = keras.layers.Dense(units)
        self.last = keras.layers.Dense(1)

    def encode(self, x, training=False):
        return self.local(x), self.hidden(x)

    def score(self, z, y):
        local, hidden = z
        both = self.last(keras.ops.tanh(hidden + self.mix(y)))
        return tf.reduce_sum(y * local, axis=-1) + both[..., 0]


@pytest.fixture
def bfloat16():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    yield
    keras.config.set_dtype_policy(before)


@pytest.mark.usefixtures("bfloat16")
def test_the_energy_of_a_user_works_in_mixed_precision(random, tmp_path):
    model = DVN(OfAUser(4), inference=GradientAscent(2, 0.5), seed=0)
    x = random.randn(40, 6).astype(np.float32)
    y = (random.rand(40, 4) < 0.4).astype(np.float32)
    history = model.fit(x, y, epochs=2, batch_size=10, verbose=0).history
    assert all(np.isfinite(value).all() for value in history.values())
    energy = model.energy
    assert energy.last.compute_dtype == "bfloat16"
    assert {variable.dtype for variable in energy.trainable_variables} == {"float32"}
    score = model.score(model.encode(tf.constant(x)), tf.constant(y))
    assert score.dtype == tf.float32
    assert score.shape == (40,)
    value = model.value(x, y)
    assert value.dtype == np.float32
    assert np.ptp(value) > 0
    path = model.refine(x)
    assert path.dtype == np.float32
    assert np.ptp(path[-1]) > 0
    loaded = saved_and_loaded(model, tmp_path)
    np.testing.assert_array_equal(loaded.refine(x), path)
