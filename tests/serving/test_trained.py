"""A trained model from its workdir: overrides, and what is left of gin's global configuration."""

import gin
import numpy as np
import pytest

from alen_tf.errors import ConfigError, WorkdirError
from alen_tf.serving import trained
from alen_tf.training import config, trainer
from tests.commands import assert_one_clear_line, run

GIN = "gin/digits/alen.gin"
SMALL = (
    "train.epochs = 1",
    "MLP.hidden_units = 8",
    "MLPEnergy.hidden_units = 8",
    "MLPEnergy.global_units = 4",
)


@pytest.fixture(scope="module")
def workdir(tmp_path_factory):
    path = tmp_path_factory.mktemp("trained") / "run"
    config.parse([GIN], SMALL)
    trainer.train(path)
    return path


def left():
    return gin.config_str(), gin.operative_config_str(), gin.config_is_locked()


LOADERS = pytest.mark.parametrize("loader", [trained.load, trained.restore])


@LOADERS
def test_bindings_of_the_caller_are_kept(workdir, loader):
    gin.bind_parameter("GradientAscent.steps", 77)
    gin.bind_parameter("mine/MLP.hidden_units", 5)
    before = left()
    assert "77" in before[0]
    loader(workdir)
    assert left() == before
    assert not gin.config_is_locked()
    loader(workdir, params=["prediction/GradientAscent.steps = 2"])
    assert left() == before


@LOADERS
def test_a_configuration_that_was_read_is_kept(workdir, loader):
    config.parse([GIN], ["train.epochs = 7", "ALEN.beta_v = 0.125"])
    gin.get_bindings("train")
    before = left()
    loader(workdir)
    assert left() == before
    assert gin.config_is_locked()
    assert gin.query_parameter("ALEN.beta_v") == 0.125


@LOADERS
def test_bindings_are_kept_where_loading_fails(workdir, loader, tmp_path):
    gin.bind_parameter("GradientAscent.steps", 77)
    before = left()
    with pytest.raises(ConfigError):
        loader(workdir, params=["MLP.typo = 1"])
    with pytest.raises(ConfigError):
        loader(workdir, params=["MLP.hidden_units = 9"])
    with pytest.raises(WorkdirError):
        loader(tmp_path)
    assert left() == before


def test_a_later_training_is_not_held_to_the_overrides_of_a_model(workdir, tmp_path):
    config.parse([GIN], SMALL)
    trained.load(workdir, params=["prediction/GradientAscent.steps = 2"])
    trainer.train(tmp_path / "run")
    config.parse([GIN], [*SMALL, "SPEN.margin = 2"])
    trained.load(workdir)
    with pytest.raises(ConfigError, match=r"SPEN\.margin = 2.* nothing in this run uses it"):
        trainer.train(tmp_path / "other")


def test_an_override_reaches_the_model(workdir):
    x = np.zeros((2, 32), np.float32)
    model = trained.load(workdir, params=["prediction/GradientAscent.steps = 2"]).model
    assert len(model.refine(x)) == 3
    assert len(trained.load(workdir).model.refine(x)) == 7


def test_an_override_of_the_precision_is_taken(workdir):
    model = trained.load(workdir, params=["train.precision = 'mixed_bfloat16'"]).model
    assert model.inference_network.body.layers[0].compute_dtype == "bfloat16"


@pytest.mark.parametrize(
    ("param", "parts"),
    [
        ("train.epochs = 7", ["nothing in this run uses it"]),
        ("SPEN.margin = 2", ["nothing in this run uses it"]),
        ("GradientAscent.steps = 2", ["nothing in this run uses it", "prediction/GradientAscent"]),
        ("other/GradientAscent.steps = 2", ["nothing in this run uses it"]),
        ("MLP.hidden_units = 9", ["do not fit", "trained weights"]),
        ("ALEN.energy = @ICNN()", ["do not fit", "trained weights"]),
    ],
)
@LOADERS
def test_an_override_that_cannot_be_is_named(workdir, loader, param, parts):
    with pytest.raises(ConfigError) as caught:
        loader(workdir, params=[param])
    message = str(caught.value).splitlines()[0]
    assert message.startswith(f"--gin_param={param!r}: ")
    for part in parts:
        assert part in message
    assert "--restart" not in message


@pytest.mark.slow  # every command says a mistake as train does, in tests/test_train.py
def test_evaluate_says_so_in_one_line(workdir):
    param = "MLP.hidden_units = 9"
    done = run("evaluate", f"--workdir={workdir}", f"--gin_param={param}")
    assert_one_clear_line(done, f"--gin_param={param!r}: ", "do not fit")
    assert "--restart" not in done.stderr
