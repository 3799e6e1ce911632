"""The estimator for images: arrays in, masks of the same sizes and values out."""

import gin
import numpy as np
import pytest
import tensorflow as tf
from sklearn.exceptions import NotFittedError

import alen_tf
from alen_tf import ALENClassifier, ALENSegmenter
from alen_tf.training import config, in_memory, trainer

SMALL = {
    "size": (16, 12),
    "stride": 2,
    "filters": (8, 8),
    "context_filters": (8, 8),
    "steps": 2,
    "mirror": False,
    "epochs": 3,
    "evaluate_every": 2,
    "random_state": 0,
}


def photographs(count, values=(0, 7), seed=0):
    """Squares of each class on a background of the first one, brighter the later the class."""
    random, X, y = np.random.RandomState(seed), [], []  # noqa: N806
    for _ in range(count):
        mask = np.full((20 + random.randint(9), 16 + random.randint(9)), values[0])
        for value in values[1:]:
            row, column = random.randint(12), random.randint(8)
            mask[row : row + 8, column : column + 8] = value
        bright = 40 * np.searchsorted(values, mask)[..., None]
        X.append(np.uint8(bright + random.randint(60, size=(*mask.shape, 3))))
        y.append(mask)
    return X, y


@pytest.fixture(scope="module")
def fitted():
    return ALENSegmenter(**SMALL).fit(*photographs(20))


@pytest.fixture(scope="module")
def several():
    X, y = photographs(16, values=(1, 2, 5))  # noqa: N806
    for mask in y:
        mask[0] = 255
    return ALENSegmenter(**SMALL, ignored=255).fit(X, y)


def test_masks_have_the_sizes_and_values_of_those_learned_from(fitted):
    X, y = photographs(3, seed=1)  # noqa: N806
    found = fitted.predict(X)
    assert [mask.shape for mask in found] == [mask.shape for mask in y]
    assert set(np.unique(np.concatenate([mask.ravel() for mask in found]))) <= {0, 7}
    assert len(fitted.validation_scores_) == 2  # after the second epoch and the last


def test_of_one_size_arrays_are_as_good_as_lists(fitted):
    X = np.random.RandomState(0).randint(256, size=(3, 20, 20, 3)).astype(np.uint8)  # noqa: N806
    assert fitted.predict(X).shape == (3, 20, 20)
    assert [mask.shape for mask in fitted.predict(list(X))] == [(20, 20)] * 3
    grey = X[..., :1].repeat(3, axis=-1)
    np.testing.assert_allclose(fitted.refine(X[..., 0]), fitted.refine(grey), atol=1e-5)


def test_no_step_is_the_inference_network_alone(fitted):
    X, _ = photographs(2, seed=1)  # noqa: N806
    alone, refined = fitted.refine(X, steps=0), fitted.refine(X)
    assert alone.shape == refined.shape == (2, 16, 12, 1)
    assert not np.array_equal(alone, refined)


def test_known_pixels_are_kept(fitted):
    X, y = photographs(2, seed=1)  # noqa: N806
    known = [np.full(mask.shape, np.nan) for mask in y]
    known[0][:5, :5], known[1][-4:] = 7, 0
    found = fitted.predict(X, known)
    assert (found[0][:5, :5] == 7).all()
    assert (found[1][-4:] == 0).all()


def test_the_score_is_the_mean_iou_of_what_is_inside(fitted):
    X, y = photographs(4, seed=1)  # noqa: N806
    expected = []
    for found, truth in zip(fitted.predict(X), y, strict=True):
        both, either = (found == 7) & (truth == 7), (found == 7) | (truth == 7)
        expected.append(both.sum() / either.sum())
    assert fitted.score(X, y) == pytest.approx(np.mean(expected))


@pytest.mark.slow
@pytest.mark.slow
def test_several_classes_without_pixels_that_are_ignored(several):
    X, y = photographs(4, values=(1, 2, 5), seed=1)  # noqa: N806
    found = several.predict(X)
    assert several.classes_.tolist() == [1, 2, 5]
    assert set(np.unique(np.concatenate([mask.ravel() for mask in found]))) <= {1, 2, 5}
    assert several.refine(X).shape == (4, 16, 12, 3)
    expected = []
    for mask, truth in zip(found, y, strict=True):
        truth[0] = 255
        for value in (1, 2, 5):
            pair = (mask[1:] == value, truth[1:] == value)
            expected.append(np.logical_and(*pair).sum() / max(1, np.logical_or(*pair).sum()))
    assert several.score(X, y) == pytest.approx(np.mean(expected))


def test_what_is_saved_predicts_the_same(fitted, tmp_path):
    X, _ = photographs(2, seed=1)  # noqa: N806
    path = tmp_path / "model.zip"
    fitted.save(path)
    loaded = ALENSegmenter.load(path)
    np.testing.assert_allclose(loaded.refine(X), fitted.refine(X), atol=1e-6)
    assert loaded.get_params() == fitted.get_params()
    with pytest.raises(ValueError, match="holds a saved ALENSegmenter: load it with ALENSegmenter"):
        ALENClassifier.load(path)


@pytest.mark.slow
def test_what_is_exported_predicts_the_same(fitted, tmp_path):
    fitted.export(tmp_path / "1")
    x = np.random.RandomState(0).randint(256, size=(2, 16, 12, 3)).astype(np.uint8)
    found = tf.saved_model.load(tmp_path / "1").signatures["serving_default"](x=tf.constant(x))
    np.testing.assert_allclose(found["relaxed"], fitted.refine(x), atol=1e-5)
    assert "photographs" in (tmp_path / "1" / "model_card.md").read_text()


def of_shares(X, y):  # noqa: N803
    return [image / 255.0 for image in X], y


def without_a_mask(X, y):  # noqa: N803
    return X, y[:-1]


def of_another_size(X, y):  # noqa: N803
    return X, [*y[:-1], y[-1].T[:3]]


def of_one_class(X, y):  # noqa: N803
    return X, [np.zeros_like(mask) for mask in y]


def of_shares_of_classes(X, y):  # noqa: N803
    return X, [mask / 7.0 for mask in y]


def one_image(X, y):  # noqa: N803
    return X[0], y[0]


def nothing(X, y):  # noqa: N803
    return X[:0], y[:0]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (of_shares, r"X\[0\] is of type float64, expected uint8 from 0 to 255"),
        (without_a_mask, r"y has 3 mask\(s\), but X has 4 image\(s\)"),
        (of_another_size, r"y\[3\] has shape \(3, \d+\), but its image is \d+ high"),
        (of_one_class, r"y: masks have the value\(s\) 0, expected those of 2 to 254 classes"),
        (of_shares_of_classes, r"y\[0\] is of type float64 .* whole numbers"),
        (nothing, "X: there is no image"),
        (one_image, r"X has shape \(\d+, \d+, 3\), that of a single image: pass X\[None\]"),
    ],
)
def test_a_mistake_is_one_line_that_says_where(spoil, message):
    with pytest.raises(ValueError, match=message) as raised:
        ALENSegmenter(**SMALL).fit(*spoil(*photographs(4)))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"size": 15}, "stride = 2: images of 15x15"),
        ({"epochs": 0}, "epochs is 0"),
        ({"validation_fraction": 0.01}, "validation_fraction=0.01 of 4 image"),
        ({"random_state": -1}, "random_state is -1"),
    ],
)
def test_a_setting_out_of_range_is_one_line(settings, message):
    with pytest.raises(ValueError, match=message):
        ALENSegmenter(**SMALL | settings).fit(*photographs(4))


def test_a_failed_fit_keeps_the_old_model(fitted):
    X, _ = photographs(2, seed=1)  # noqa: N806
    before = fitted.refine(X)
    with pytest.raises(ValueError, match="type float64"):
        fitted.fit(*of_shares(*photographs(4)))
    np.testing.assert_allclose(fitted.refine(X), before, atol=1e-6)


def test_it_asks_to_be_fitted_first():
    with pytest.raises(NotFittedError):
        ALENSegmenter().predict(photographs(1)[0])


def test_it_trains_the_model_of_its_gin_file(monkeypatch):
    """Networks, method, optimizers, augmentation and views have the same settings."""
    called = {}
    monkeypatch.setattr(in_memory, "train", lambda **settings: called.update(settings) or 1 / 0)
    with pytest.raises(ZeroDivisionError):
        ALENSegmenter(size=32, stride=1).fit(*photographs(20))
    config.parse(["gin/own/segmentation.gin"], ["image_folder.folder = 'x'", "classes = ('7',)"])
    root = gin.get_bindings(trainer.train)
    for name in ("epochs", "batch_size", "evaluate_every", "select_after", "average"):
        assert called[name] == root[name], name
    for name in ("energy_optimizer", "inference_optimizer"):
        ours, theirs = (each[name](100).get_config() | {"name": ""} for each in (called, root))
        assert ours == theirs, name
    ours, theirs = (each["task"] for each in (called, root))
    assert vars(ours.augmentation) == vars(theirs.augmentation)
    assert ours.oracle.__name__ == theirs.oracle.__name__  # gin wraps it
    made = [
        each["model"](test_time_augmentation=each["task"].test_time_augmentation, seed=0)
        for each in (called, root)
    ]
    ours, theirs = (each.get_config() for each in made)
    for settings in (ours, theirs):  # gin's function has no package
        settings["regression_loss"] = settings["regression_loss"]["config"].rpartition(">")[-1]
    for name in ours:
        assert ours[name] == theirs[name], name


def test_it_is_at_the_top_level():
    assert "ALENSegmenter" in alen_tf.__all__
