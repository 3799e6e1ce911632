import keras
import numpy as np
import pytest

from alen_tf import GradientAscent
from alen_tf.models.batch import Batch
from alen_tf.networks.members import Members
from alen_tf.networks.mlp import MLP, MLPEnergy
from experiments.cross_fitted_alen import CrossFittedALEN

FOLDS = 3


@pytest.fixture
def batch(random):
    x = np.float32(random.randn(12, 5))
    return Batch(x, np.float32(x[:, :4] > 0), fold=np.ones(12, np.int32))


def updated(batch, **options):
    """A model, and the largest change of a weight of each network, after a step of `batch`."""
    keras.utils.set_random_seed(0)
    g = Members(MLP(hidden_units=6), FOLDS)
    refinement = GradientAscent(2, 0.3)
    model = CrossFittedALEN(MLPEnergy(hidden_units=6), g, refinement=refinement, seed=0, **options)
    model.compile("sgd", "sgd")
    model.build(batch.x.shape, batch.y.shape)
    networks = [model.energy, *g.copies, g.network]
    before = [network.get_weights() for network in networks]
    model.update(batch)
    return model, [
        max(np.abs(old - new).max() for old, new in zip(olds, each.get_weights(), strict=True))
        for olds, each in zip(before, networks, strict=True)
    ]


@pytest.mark.parametrize("options", [{}, {"lambda_g": 0.0}])
def test_a_member_learns_nothing_from_rows_of_its_own_fold(batch, options):
    _, (energy, *copies, network) = updated(batch, **options)
    assert copies[1] == 0.0
    assert min(energy, copies[0], copies[2], network) > 0.0


def test_the_energy_sees_outputs_of_the_member_that_has_not_learned_from_a_row(batch):
    """Eq. 6 of y' in NumPy, from this member's outputs before the step."""
    model, _ = updated(batch)
    x = model.prepare(batch.x)
    y = 1.0 / (1.0 + np.exp(-model.inference_network.copies[1](x).numpy()))
    both, size = (y * batch.y).sum(axis=1), y.sum(axis=1) + batch.y.sum(axis=1)
    target = 2.0 * both / size  # Eq. 8
    score = model.energy([x, y]).numpy()
    _, scalars = model.update(batch)
    expected = 0.5 * np.mean((1.0 / (1.0 + np.exp(-score)) - target) ** 2)
    assert float(scalars["energy_loss/inference_network"]) == pytest.approx(expected, rel=1e-4)
