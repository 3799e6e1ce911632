import keras
import numpy as np
import pytest
import tensorflow as tf

from alen_tf.errors import ConfigError
from alen_tf.inference import test_time_augmentation
from alen_tf.inference.batching import BATCH
from alen_tf.inference.test_time_augmentation import Views
from alen_tf.models.feed_forward import FeedForward

# pytest takes what is called Test for tests.
Crops = test_time_augmentation.TestTimeAugmentation
OFFSETS = (0, 2, 3, 4, 5, 8)


@pytest.fixture
def images(random):
    return random.rand(3, 32, 32, 2).astype(np.float32)


@pytest.mark.parametrize(
    ("views", "count"),
    [
        (Views(), 1),
        (Crops(), 1),
        (Crops(mirror=True), 2),
        (Crops(size=24), 36),
        (Crops(size=24, offsets=(0, 8), mirror=True), 8),
    ],
)
def test_merging_the_views_of_an_image_gives_the_image(images, views, count):
    split = views.split(tf.constant(images))
    assert views.count == count
    assert split.shape[0] == 3 * count
    np.testing.assert_allclose(views.merge(split, (32, 32, 2)), images, atol=1e-6)


def test_overlapping_crops_are_averaged(images):
    views = Crops(size=24)
    found = views.split(tf.constant(images)).numpy().reshape(36, 3, 24, 24, 2)
    said = np.arange(36, dtype=np.float32)  # what each crop says of all its pixels
    total, count = np.zeros((32, 32)), np.zeros((32, 32))
    for k, (i, j) in enumerate((i, j) for i in OFFSETS for j in OFFSETS):
        np.testing.assert_array_equal(found[k], images[:, i : i + 24, j : j + 24])
        total[i : i + 24, j : j + 24] += said[k]
        count[i : i + 24, j : j + 24] += 1
    y = np.repeat(said, 3)[:, None, None, None] * np.ones((1, 24, 24, 1), np.float32)
    merged = views.merge(tf.constant(y), (32, 32, 1)).numpy()
    np.testing.assert_allclose(merged[0, ..., 0], total / count, rtol=1e-5)
    np.testing.assert_array_equal(merged[0], merged[2])


def test_mirrored_outputs_are_mirrored_back(random):
    views = Crops(mirror=True)
    y = random.rand(2, 4, 4, 1).astype(np.float32)  # one image, seen plain and mirrored
    expected = (y[:1] + y[1:, :, ::-1]) / 2
    np.testing.assert_allclose(views.merge(tf.constant(y), (4, 4, 3)), expected)


def test_values_of_views_are_averaged():
    values = tf.constant([1.0, 2.0, 3.0, 4.0])  # views 0 and 1 of examples 0 and 1
    np.testing.assert_array_equal(Crops(mirror=True).mean(values), [2.0, 3.0])


def test_a_batch_is_of_few_views_or_of_one_example():
    assert Crops().batch(BATCH, (32, 32, 3)) == 64
    crops = Crops(size=24)
    assert [crops.batch(8 * n, (32, 32, 3)) for n in (512, 36, 10)] == [14, 1, 1]
    sizes, mirrored = (16, 32, 64, 1000), Crops(mirror=True)
    assert [mirrored.batch(8 * 512, (n, 2 * n, 3)) for n in sizes] == [256, 128, 32, 1]
    assert Views().batch(512, (1000,)) == 512


@pytest.mark.parametrize(
    ("views", "shape"),
    [
        (Crops(size=24), (64, 64, 3)),
        (Crops(size=24), (28, 32, 3)),
        (Crops(size=8, offsets=(0, 16, 24)), (32, 32, 3)),
    ],
)
def test_crops_have_to_cover_the_image(views, shape):
    with pytest.raises(ConfigError, match=f"do not cover images of {shape[0]}x{shape[1]}"):
        views.check(shape)
    Crops(size=24).check((32, 32, 3))


@pytest.mark.parametrize("views", [Crops(mirror=True), Crops(size=8, offsets=(0, 4))])
def test_what_is_no_image_has_no_views(views):
    message = r"needs inputs and outputs \[batch, .*, not \[batch, 6\]; leave it out"
    with pytest.raises(ConfigError, match=message):
        views.check((6,))
    with pytest.raises(ConfigError, match=message):
        views.split(tf.zeros((1, 6)))
    model = FeedForward(keras.Sequential([keras.layers.GlobalAveragePooling2D()]))
    model.build((None, 12, 12, 6), (None, 6))  # labels of an image
    model = FeedForward(model.inference_network, test_time_augmentation=views)
    with pytest.raises(ConfigError, match=message):
        model.build((None, 12, 12, 6), (None, 6))
