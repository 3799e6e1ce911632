"""What is known beforehand in training: draws, what networks see, and whose losses they are."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

import alen_tf
from alen_tf.errors import ConfigError
from alen_tf.models import known_outputs
from alen_tf.models.batch import Batch
from alen_tf.models.known_outputs import Clicks, KnownAtRandom
from alen_tf.models.optimizers import sgd
from alen_tf.networks.mlp import MLP, MLPEnergy
from alen_tf.networks.unet import UNet, UNetEnergy

from . import by_hand
from .conftest import FEATURES, LABELS

NAN = np.nan
SEED = tf.constant([3, 4])
KNOWN = np.array([[1, 0, 0, 0], [0, 0, 0, 0], [0, 1, 1, 0], [1, 1, 1, 1]], bool)


# Draws.


def test_shares_are_uniform_beside_examples_of_which_nothing_is_known():
    y = tf.zeros((4000, 50))
    known = KnownAtRandom(0.2, 0.6, nothing=0.3).draw(y, SEED).numpy()
    shares = known.mean(axis=1)
    assert np.mean(shares == 0) == pytest.approx(0.3, abs=0.03)
    shares = shares[shares > 0]
    assert shares.mean() == pytest.approx(0.4, abs=0.01)
    spread = np.sqrt(0.4**2 / 12 + 0.4 * 0.6 / 50)
    assert shares.std() == pytest.approx(spread, rel=0.1)
    np.testing.assert_allclose(known.mean(axis=0), 0.7 * 0.4, atol=0.04)


def test_classes_of_a_pixel_are_known_together():
    y = tf.zeros((50, 6, 6, 3))
    known = KnownAtRandom(0.5, 0.5, nothing=0.0).draw(y, SEED, joint=True).numpy()
    np.testing.assert_array_equal(known[..., :1] | known, known[..., :1] & known)
    assert known.mean() == pytest.approx(0.5, abs=0.05)


def masks(count, size=12):
    """Masks of which a sixteenth is 1."""
    y = np.zeros((count, size, size, 1), np.float32)
    y[:, : size // 4, : size // 4] = 1
    return y


def test_clicks_are_where_the_proposal_is_wrong_all_around():
    y = masks(4000)
    proposal = y.copy()
    proposal[:, 6:10, 5:9] = 1  # wrong, and
    proposal[:, :4, :4] = 0.7  # unsure
    y[:, -1] = NAN
    drawn = Clicks(most=1, radius=1).draw(tf.constant(y), SEED, proposed=lambda: proposal).numpy()
    assert not np.all(drawn[np.isnan(y)])
    assert drawn.sum() == pytest.approx(4000 * (1 - np.sqrt(1 / 2)), rel=0.1)
    error = np.nan_to_num(np.abs(y[0] - proposal[0]))[..., 0]
    inside = ndimage.uniform_filter(np.ones_like(error), 3, mode="constant")
    chance = (ndimage.uniform_filter(error, 3, mode="constant") / inside) ** 2
    found = drawn.mean(axis=(0, 3)) / drawn.mean(axis=(0, 3)).sum()
    np.testing.assert_allclose(found, chance / chance.sum(), atol=0.03)
    assert found[7:9, 6:8].sum() == pytest.approx(4 / chance.sum(), rel=0.2)


def test_few_clicks_are_more_frequent():
    y = masks(3000)
    drawn = Clicks(most=4).draw(tf.constant(y), SEED, proposed=lambda: 0.5).numpy()
    numbers = drawn.sum(axis=(1, 2, 3))
    # Of clicks u^2 (4 + 1) is at least k.
    expected = 1 - np.sqrt(np.arange(1, 5) / 5)
    np.testing.assert_allclose([np.mean(numbers >= k) for k in range(1, 5)], expected, atol=0.03)


def test_networks_see_disks_around_clicks(random):
    known = np.where(random.rand(5, 9, 9, 2) < 0.05, random.randint(0, 2, (5, 9, 9, 2)), NAN)
    disk = np.hypot(*np.mgrid[-2:3, -2:3]) <= 2
    found = Clicks(radius=2).maps(tf.constant(known, tf.float32)).numpy()
    for example in range(5):
        for output in range(2):
            for value, place in ((1, output), (0, 2 + output)):
                pixels = known[example, ..., output] == value
                expected = ndimage.binary_dilation(pixels, disk) if pixels.any() else pixels
                np.testing.assert_array_equal(found[example, ..., place], expected)


@pytest.mark.parametrize(
    ("given", "low", "high"), [(0.5, 0.5, 0.5), ((0.1, 0.7), 0.1, 0.7), ([0, 1], 0, 1)]
)
def test_a_share_or_a_pair_of_them(given, low, high):
    found = known_outputs.get(given)
    assert (found.low, found.high) == (low, high)


@pytest.mark.parametrize("given", [(0.5, 0.1), 1.5, (0.1, 0.2, 0.3), "half", (-0.1, 0.5)])
def test_what_is_no_distribution(given):
    with pytest.raises(ConfigError, match="known_fraction"):
        alen_tf.FeedForward(MLP(), known_fraction=given)


# A step.


def alen(steps=2, **settings):
    """A model that learns from known outputs, with all weights different from zero."""
    keras.utils.set_random_seed(0)
    model = alen_tf.ALEN(
        MLPEnergy(hidden_units=5, global_units=3),
        MLP(hidden_units=5),
        refinement=alen_tf.GradientAscent(steps, 0.3),
        seed=1,
        **{"known_fraction": (0.0, 0.9)} | settings,
    )
    model.build((None, FEATURES), (None, LABELS))
    for weight in model.weights:
        if weight.dtype == "float32" and len(weight.shape):
            weight.assign(np.random.RandomState(len(weight.shape)).randn(*weight.shape))
    model.compile(sgd(1, 0.1), sgd(1, 0.1))
    return model


def seen(x, y, known):
    return np.hstack([x, known & (y == 1), known & (y == 0)]).astype(np.float64)


def test_a_step_is_algorithm_1_on_what_is_unknown(batch):
    x, y_true = batch
    model, around = alen(), np.where(KNOWN, y_true, 0.0)
    g, v = by_hand.weights_of(model.inference_network), by_hand.weights_of(model.energy)
    inputs, unknown = seen(x, y_true, KNOWN), ~KNOWN
    logits = by_hand.mlp(g, inputs)
    y = y_inference = np.where(unknown, by_hand.sigmoid(logits), around)
    for _ in range(2):
        uphill = unknown * by_hand.slope(v, inputs, y)
        length = np.maximum(np.linalg.norm(uphill, axis=1, keepdims=True), 1e-12)
        y = np.where(unknown, np.clip(y + 0.3 * uphill / length, 0, 1), around)

    def of_unknown(values):
        return values[:3].mean()  # nothing is asked of the last example

    def loss(y, h):
        values = by_hand.sigmoid(by_hand.score(v, inputs, y))
        return of_unknown(0.5 * (values - h) ** 2)

    h_inference, h_refined = (
        by_hand.f1(unknown * each, unknown * y_true) for each in (y_inference, y)
    )
    errors = np.logaddexp(0, logits) - y_true * logits
    value = by_hand.sigmoid(by_hand.score(v, inputs, y_inference))
    expected = {
        "energy_loss/truth": loss(y_true, 1.0),
        "energy_loss/inference_network": loss(y_inference, h_inference),
        "energy_loss/refined": loss(y, h_refined),
        "inference_loss/task": of_unknown((unknown * errors).sum(axis=1)),
        "inference_loss/adversarial": of_unknown(0.5 * (value - 1.0) ** 2),
        "oracle/refined": of_unknown(h_refined),
    }
    drawn = model.drawn(Batch(tf.constant(x), tf.constant(y_true), known=tf.constant(KNOWN)))
    refined, scalars = model.update(drawn)
    for name, number in expected.items():
        assert float(scalars[name]) == pytest.approx(number, rel=1e-4), name
    np.testing.assert_allclose(refined, y, atol=1e-5)
    np.testing.assert_array_equal(refined.numpy()[KNOWN], y_true[KNOWN])


def test_every_start_has_what_is_known(batch):
    x, y_true = batch
    starts = alen_tf.TrainingStarts(0.25, 0.5, discretize=True)
    model = alen(steps=0, starts=starts)
    for iteration in range(5):
        model.optimizers["energy"].iterations.assign(iteration)
        given = Batch(tf.constant(x), tf.constant(y_true), known=tf.constant(KNOWN))
        refined, _ = model.update(model.drawn(given))
        np.testing.assert_array_equal(refined.numpy()[KNOWN], y_true[KNOWN])
        assert np.any(refined.numpy()[~KNOWN] != y_true[~KNOWN])


def test_draws_change_with_the_step_and_follow_from_the_seed(batch):
    x, y = (tf.constant(np.tile(each, (50, 1))) for each in batch)

    def drawn(model, iteration):
        model.optimizers["energy"].iterations.assign(iteration)
        return model.drawn(Batch(x, y)).known.numpy()

    first = drawn(alen(), 0)
    np.testing.assert_array_equal(drawn(alen(), 0), first)
    assert np.any(drawn(alen(), 1) != first)
    assert 0.2 < first.mean() < 0.5


def test_without_the_argument_nothing_is_drawn(batch):
    model = alen(known_fraction=None)
    given = Batch(*map(tf.constant, batch))
    assert model.drawn(given) is given
    assert model.inference_network.body.layers[0].kernel.shape[0] == FEATURES


# A model that knows how labels depend.


@pytest.fixture(scope="module")
def trained():
    """On labels of which the second is the first's, the third its opposite; x says nothing."""
    random = np.random.RandomState(0)
    first = random.rand(512, 1) < 0.5
    y = np.hstack([first, first, ~first]).astype(np.uint8)
    keras.utils.set_random_seed(0)
    model = alen_tf.ALEN(
        MLPEnergy(hidden_units=16),
        MLP(hidden_units=32),
        refinement=alen_tf.GradientAscent(3, 0.3),
        regression_loss="cross_entropy",
        known_fraction=0.5,
        seed=0,
    )
    rates = [keras.optimizers.Adam(0.01) for _ in range(2)]
    model.compile(*rates)
    x = random.randn(512, 2).astype(np.float32)
    model.fit(x, y, epochs=15, batch_size=32, validation_data=(x, y), verbose=0)
    return model


X = np.zeros((3, 2), np.float32)
SOME = np.float32([[NAN, NAN, NAN], [1, NAN, NAN], [NAN, NAN, 1]])


def test_it_learns_how_labels_depend(trained):
    path = trained.refine(X, known=SOME)
    for y in (path[0], path[-1]):
        np.testing.assert_array_equal(y[1:] >= 0.5, [[1, 1, 0], [0, 0, 1]])
    np.testing.assert_allclose(path[0, 0], 0.5, atol=0.15)
    for y in path:
        np.testing.assert_array_equal(y[~np.isnan(SOME)], 1)
    np.testing.assert_array_equal(trained.refine(X), trained.refine(X, known=np.full((3, 3), NAN)))


def test_values_are_of_what_is_unknown(trained):
    right, wrong = np.float32([[1, 1, 0]] * 3), np.float32([[1, 0, 1]] * 3)
    known = np.float32([[1, NAN, NAN]] * 3)
    values = trained.value(X, right, known)
    assert values.min() > 0.7
    assert np.all(values > trained.value(X, wrong, known) + 0.2)
    assert np.all(values > trained.value(X, right) + 0.1)


def test_a_saved_model_knows_them_too(trained, tmp_path):
    trained.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.known_fraction == 0.5
    np.testing.assert_array_equal(loaded.refine(X, known=SOME), trained.refine(X, known=SOME))
    x, y = np.random.RandomState(1).randn(64, 2), np.zeros((64, 3))
    for model in (trained, loaded):
        model.fit(x, y, shuffle=False, verbose=0)
    np.testing.assert_array_equal(loaded.refine(X, known=SOME), trained.refine(X, known=SOME))


# Images.


def images(method, **settings):
    keras.utils.set_random_seed(0)
    common = {"known_fraction": Clicks(most=4, radius=1), "seed": 0} | settings
    g = UNet(filters=(4, 8), dropout=0.0)
    if method == "feed_forward":
        return alen_tf.FeedForward(g, oracle="iou", **common)
    energy = UNetEnergy((4, 8), (4, 8), dropout=0.0, groups=4)
    ascent = alen_tf.GradientAscent(2, 1.0)
    return alen_tf.ALEN(energy, g, oracle="soft_pixel_accuracy", refinement=ascent, **common)


@pytest.mark.parametrize("method", [pytest.param("alen", marks=pytest.mark.slow), "feed_forward"])
def test_clicked_pixels_are_kept_and_change_the_others(method, random, tmp_path):
    model, y = (
        images(method, test_time_augmentation=alen_tf.TestTimeAugmentation(mirror=True)),
        masks(8),
    )
    x = random.randint(0, 255, (8, 12, 12, 3)).astype(np.uint8)
    history = model.fit(x, y, epochs=2, batch_size=4, verbose=0).history
    assert np.isfinite([values for values in history.values()]).all()
    known = np.full_like(y, NAN)
    known[:, 5, 4], known[:, 1, 8] = 1, 0
    path = model.refine(x, known=known)
    np.testing.assert_array_equal(path[:, :, 5, 4], 1)
    np.testing.assert_array_equal(path[:, :, 1, 8], 0)
    others = np.isnan(known)
    assert np.abs(path[0] - model.refine(x)[0])[others].max() > 1e-3
    mirrored = model.refine(x[:, :, ::-1], known=known[:, :, ::-1])
    np.testing.assert_allclose(mirrored[:, :, :, ::-1], path, atol=1e-5)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.refine(x, known=known), path)


def test_losses_are_of_pixels_that_are_not_clicked(random):
    model, y = images("alen"), masks(4)
    x = random.randn(4, 12, 12, 3).astype(np.float32)
    model.build(x.shape, y.shape)
    model.compile(sgd(1, 0.0), sgd(1, 0.0))
    known = random.rand(*y.shape) < 0.3
    given = model.drawn(Batch(tf.constant(x), tf.constant(y), known=tf.constant(known)))
    _, scalars = model.update(given)
    inputs = tf.concat([x, model.known_outputs.maps(given.given)], axis=-1)
    logits = np.float64(model.inference_network(inputs, training=True))
    losses = (np.logaddexp(0, logits) - y * logits)[..., 0]
    expected = np.where(known[..., 0], 0, losses).sum(axis=(1, 2)).mean()
    assert float(scalars["inference_loss/task"]) == pytest.approx(expected, rel=1e-4)
    h = 1 - np.abs(by_hand.sigmoid(logits) - y)
    found = float(scalars["oracle/inference_network"])
    assert found == pytest.approx(h[~known].mean(), rel=1e-4)


# Mistakes.


def test_inputs_that_outputs_do_not_lie_on():
    model = alen_tf.FeedForward(UNet(), known_fraction=0.5)
    for x_shape, y_shape in (((None, 8, 8, 3), (None, 4)), ((None, 8, 8, 3), (None, 4, 4, 1))):
        with pytest.raises(ConfigError, match="additional features of the inputs"):
            model.build(x_shape, y_shape)
    with pytest.raises(ConfigError, match="additional features of the inputs"):
        model.build({"a": (None, 3), "b": (None, 2)}, (None, 4))


def test_a_model_that_has_not_seen_an_output():
    with pytest.raises(ConfigError, match="build"):
        alen_tf.FeedForward(MLP(outputs=3), known_fraction=0.5).refine(X)
