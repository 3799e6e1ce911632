import numpy as np
import pytest
import tensorflow as tf

from alen_tf.datasets.splits import Splits
from alen_tf.inference.spaces import Box, Simplex
from alen_tf.inference.test_time_augmentation import TestTimeAugmentation as Crops
from alen_tf.objectives.oracles import soft_pixel_accuracy
from alen_tf.tasks.face_parts import FaceParts
from alen_tf.tasks.segmentation import (
    ClassSegmentation,
    Segmentation,
    own_segmentation,
    painted,
)


def test_masks_are_read_at_the_threshold(random):
    task = Segmentation(dataset=None)
    y_true = (random.rand(4, 6, 6, 1) < 0.5).astype(np.uint8)
    y = 0.3 * y_true + 0.1
    assert task.scores(y, y_true)["mean_iou"] == 0
    assert set(task.scores(y, y_true, 0.3).values()) == {1.0}
    assert task.best_threshold(y, y_true) == 0.4  # of 0.15 ... 0.4 the nearest to 0.5
    assert task.metric in task.scores(y, y_true)


def test_classes_are_the_most_probable_ones(random):
    task = ClassSegmentation(dataset=None)
    y_true = random.dirichlet(np.ones(3), size=(4, 6, 6)).astype(np.float32)
    assert set(task.scores(y_true**3, y_true).values()) == {1.0}
    classes = y_true.argmax(-1)
    wrong = np.eye(3, dtype=np.float32)[np.where(random.rand(4, 6, 6) < 0.25, 0, classes)]
    accuracy = np.mean(wrong.argmax(-1) == classes)
    assert task.scores(wrong, y_true)["pixel_accuracy"] == pytest.approx(accuracy)
    assert task.best_threshold(wrong, y_true) == 0.5


def test_places_without_a_class_do_not_count(random):
    task = ClassSegmentation(dataset=None)
    y_true = np.eye(3, dtype=np.uint8)[random.randint(0, 3, (4, 6, 6))]
    y = random.dirichlet(np.ones(3), size=(4, 6, 6)).astype(np.float32)
    margin = y_true.copy()
    margin[:, :, 4:] = 0
    expected = task.scores(y[:, :, :4], y_true[:, :, :4])
    assert task.scores(y, margin) == pytest.approx(expected)
    assert task.scores(y, y_true) != pytest.approx(expected)


def test_faces_are_judged_at_full_size(random):
    # A quarter per class and one superpixel per quarter of it, at eight times the size.
    classes = np.array([[0, 1], [2, 2]]).repeat(2, 0).repeat(2, 1)  # 4x4
    y = np.eye(3, dtype=np.float32)[classes][None]
    full_classes = classes.repeat(8, 0).repeat(8, 1)
    superpixels = np.arange(16).reshape(4, 4).repeat(8, 0).repeat(8, 1)
    truth = np.stack([full_classes, superpixels], -1)[None].astype(np.uint16)
    scores = FaceParts(dataset=None).scores(y, truth)
    assert scores["superpixel_accuracy"] == 1.0  # votes outweigh blurred borders
    large = tf.image.resize(y, (32, 32)).numpy().argmax(-1)
    assert scores["pixel_accuracy"] == np.mean(large == full_classes)
    y[0, 0, 0] = [0, 1, 0]  # one superpixel of 16
    assert FaceParts(dataset=None).scores(y, truth)["superpixel_accuracy"] == 15 / 16


def test_pictures(random):
    path = random.rand(2, 3, 6, 6, 1).astype(np.float32)
    x, y_true = random.randint(0, 256, (3, 6, 6, 3)), random.randint(0, 2, (3, 6, 6, 1))
    (figure,) = Segmentation(dataset=None).pictures(x, path, y_true).values()
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "image",
        "truth",
        "g(x) alone",
        "refined",
    ]
    rows = np.split(axes.get_images()[0].get_array(), [7, 14, 21])  # six pixels and a gap
    np.testing.assert_allclose(rows[0][:6, 7:13], x[1] / 255.0)
    np.testing.assert_array_equal(rows[1][:6, 14:, 0], y_true[2, ..., 0])
    np.testing.assert_allclose(rows[2][:6, :6, 2], path[0, 0, ..., 0])
    np.testing.assert_allclose(rows[3][:6, :6, 2], path[1, 0, ..., 0])


def test_classes_have_the_colours_of_a_palette_that_all_can_tell_apart():
    blue, yellow, vermilion = (0, 114, 178), (240, 228, 66), (213, 94, 0)
    np.testing.assert_allclose(255 * painted(np.eye(3)), [blue, yellow, vermilion])
    np.testing.assert_allclose(255 * painted(np.eye(9))[8], blue)  # there are only eight
    half = painted(np.array([0.5, 0.5, 0.0]))
    np.testing.assert_allclose(255 * half, np.mean([blue, yellow], axis=0))


def test_pictures_of_classes_have_a_legend_of_their_names(random):
    y = random.dirichlet(np.ones(3), (2, 4, 4))
    splits = Splits("own", *[None] * 3, label_names=("ground", "sky", "tree"))
    task = ClassSegmentation(dataset=lambda manual_dir, data_dir: splits)
    assert task.load() is splits
    large = y.repeat(3, axis=1).repeat(3, axis=2)
    (figure,) = task.pictures(random.randint(0, 256, (2, 4, 4, 3)), y[None], large).values()
    legend = figure.axes[0].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["ground", "sky", "tree"]
    colours = [patch.get_facecolor()[:3] for patch in legend.get_patches()]
    np.testing.assert_allclose(colours, painted(np.eye(3)))
    rows = np.split(figure.axes[0].get_images()[0].get_array(), [13, 26, 39])  # twelve, and a gap
    np.testing.assert_allclose(rows[1][:12, :12], rows[2][:12, :12])  # both at the larger size


def test_one_name_is_an_object_and_several_are_classes():
    one = own_segmentation(("horse",), dataset=None, oracle=soft_pixel_accuracy)
    several = own_segmentation(("ground", "sky"), dataset=None, oracle=soft_pixel_accuracy)
    assert [type(task.space) for task in (one, several)] == [Box, Simplex]
    assert one.oracle is several.oracle is soft_pixel_accuracy


def test_one_s_own_task_takes_what_the_others_take():
    crops = Crops(size=8, offsets=(0, 4))
    for names in (("horse",), ("ground", "sky")):
        plain = own_segmentation(names, dataset=None, oracle=soft_pixel_accuracy)
        assert (plain.test_time_augmentation.count, plain.test_time_augmentation.size) == (1, None)
        task = own_segmentation(names, None, soft_pixel_accuracy, test_time_augmentation=crops)
        assert task.test_time_augmentation is crops
