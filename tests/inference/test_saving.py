"""Whatever inference is made of is saved with a model, as JSON."""

import inspect
import json

import keras
import pytest

from alen_tf.errors import ConfigError
from alen_tf.inference import spaces
from alen_tf.inference.ascent import GradientAscent
from alen_tf.inference.mirror import MirrorAscent
from alen_tf.inference.test_time_augmentation import TestTimeAugmentation, Views

# All settings differ from their defaults: one that is not saved is another object's.
OBJECTS = [
    GradientAscent(3, 0.5, "rms", True, "log_value"),
    GradientAscent(norm=None),
    MirrorAscent(3, 0.5, 0.1, 0.2),
    spaces.Box(),
    spaces.Simplex(),
    Views(),
    TestTimeAugmentation(8, (0, 4), True),
]
# pytest takes what is called Test for tests.
del TestTimeAugmentation


@pytest.mark.parametrize("saved", OBJECTS, ids=lambda each: type(each).__name__)
def test_an_object_comes_back_from_json(saved):
    content = json.dumps(keras.saving.serialize_keras_object(saved))
    loaded = keras.saving.deserialize_keras_object(json.loads(content))
    assert type(loaded) is type(saved)
    for name in settings(saved):
        found, expected = getattr(loaded, name), getattr(saved, name)
        assert found == (list(expected) if isinstance(expected, tuple) else expected)


def settings(thing):
    return list(inspect.signature(type(thing)).parameters)


def test_spaces_have_names():
    assert type(spaces.get("box")) is spaces.Box
    assert type(spaces.get("simplex")) is spaces.Simplex
    space = spaces.Box()
    assert spaces.get(space) is space
    with pytest.raises(
        ConfigError, match="output space 'ball' is unknown; expected one of box, simplex"
    ):
        spaces.get("ball")
