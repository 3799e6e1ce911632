"""Settings out of their range, each with one line that names it."""

import gin
import pytest

from alen_tf.errors import ConfigError
from alen_tf.training import config, trainer
from tests.commands import assert_one_clear_line, run

DIGITS = "gin/digits/alen.gin"


@pytest.mark.parametrize(
    ("param", "message"),
    [
        ("train.task = @DigitsCompletion", "train.task is .*, no Task: write it as @NAME"),
        ("train.learner = @ALEN", "train.learner is .*, no Learner: write it as @NAME"),
        ("train.epochs = True", "train.epochs is True, expected a whole number from 1"),
        ("train.seed = -1", "train.seed is -1, expected a whole number from 0"),
        ("train.seed = None", "train.seed is None"),
        ("train.seed = 4294967296", "train.seed is 4294967296, expected .* below"),
        ("train.choose_from = 'a'", "train.choose_from is 'a', expected a number from 0 to 1"),
        ("train.choose_from = 2", "train.choose_from is 2"),
        ("train.average = 0.9", "train.average is 0.9, expected True or False"),
        ("train.test_every = -1", "train.test_every is -1"),
        ("train.test = 'no'", "train.test is 'no', expected True or False"),
        ("ALEN.uninformed = 2", "ALEN.uninformed is 2, expected a number from 0 to 1"),
        ("ALEN.beta_v = -1", "ALEN.beta_v is -1, expected a number from 0"),
        ("ALEN.task_weight = 'a'", "ALEN.task_weight is 'a', expected a number from 0"),
        ("MLPEnergy.input_gain = 0", "MLPEnergy.input_gain is 0, expected a number above 0"),
        ("ALEN.energy = @ICNN\nICNN.convex_units = 16", "ICNN.convex_units is 16"),
        ("ALEN.energy = @ICNN\nICNN.hidden_units = 0", "ICNN.hidden_units is 0"),
        ("ALEN.energy = @ICNN\nICNN.hidden_layers = -1", "ICNN.hidden_layers is -1"),
        ("prediction/GradientAscent.steps = 1.5", "GradientAscent.steps is 1.5"),
        ("prediction/GradientAscent.step_size = -1", "GradientAscent.step_size is -1"),
        ("SPEN.name = 'x'", "'x'\": nothing in this run takes it"),
        (
            "learning.optimizers.adam.learning_rate = 1",
            "binds energy/adam.learning_rate, inference/",
        ),
        ("prediction/x/GradientAscent.steps = 1", "nothing in this run takes it"),
    ],
)
def test_settings_of_a_run(param, message, tmp_path):
    config.parse([DIGITS], [param])
    with pytest.raises(ConfigError, match=message):
        trainer.train(tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("param", "message"),
    [
        ("UNet.filters = 8", r"UNet.filters is 8, expected several whole numbers"),
        ("UNet.filters = ()", r"UNet.filters is \(\)"),
        ("UNet.dropout = 1.5", "UNet.dropout is 1.5, expected a number from 0 to 1"),
        ("UNetEnergy.groups = 3", r"context_filters \(.*\) are no multiples of groups 3"),
        ("UNetEnergy.groups = 0", "UNetEnergy.groups is 0"),
        ("UNetEnergy.context_filters = ()", "UNetEnergy.context_filters is"),
        ("ALEN.inference_network = @FCN", "FCN halves images .* 18x18 are no multiples of 4"),
        ("ALEN.energy = @FCNEnergy", "FCNEnergy halves images .* 18x18"),
        ("ALEN.energy_optimizer = @sgd\nsgd.momentum = 2", "sgd.momentum is 2"),
        ("energy/adam.drops = 0.5", "drops = 0.5: expected fractions"),
        ("energy/adam.drops = (0.8, 0.2)", "drops = .*: expected fractions"),
        ("energy/adam.drops = (2.0,)", "a fraction in drops is 2.0"),
        ("energy/adam.learning_rate = -1e-3", "learning_rate is -0.001"),
        ("energy/adam.beta_1 = 1.5", "adam.beta_1 is 1.5"),
        ("energy/adam.weight_decay = -0.1", "adam.weight_decay is -0.1"),
        ("ALEN.inference_network = @MeanFieldCRF\nMeanFieldCRF.iterations = 0", "iterations is 0"),
        ("ALEN.inference_network = @MeanFieldCRF\nMeanFieldCRF.far = 0.0", "far is 0.0, expected"),
        ("ImageViews.offsets = ()", "ImageViews.offsets is"),
        ("ImageViews.offsets = 4", "ImageViews.offsets is 4"),
        ("ImageViews.offsets = (-1, 0)", "ImageViews.offsets is -1"),
        ("ImageViews.size = 12.0", "ImageViews.size is 12.0"),
        ("ImageAugmentation.crop = 0", "ImageAugmentation.crop is 0"),
        ("ImageAugmentation.crop = (12, 12)", "ImageAugmentation.crop is"),
        ("ImageAugmentation.crop = 40", "ImageAugmentation.crop is 40, more than images of 18x18"),
        ("ImageAugmentation.zoom = 2.0", "ImageAugmentation.zoom is 2.0"),
    ],
)
def test_settings_for_images(param, message):
    with pytest.raises(ConfigError, match=message):
        build_for_images(param)


def build_for_images(param):
    config.parse(["gin/own/segmentation.gin"], [param, "ImageViews.mirror = True"])
    root = gin.get_bindings(trainer.train)
    task, learner = root["task"], root["learner"]
    task.augmentation.check((18, 18, 3))
    learner.build((18, 18, 3), (18, 18, 1), task.space, task.oracle, 9, task.views)


def test_proportions_of_tuples():
    config.parse(["gin/bibtex/dvn.gin"], ["DVN.adversarial = -0.25"])
    with pytest.raises(ConfigError, match=r"DVN.adversarial is -0.25, expected a number from 0"):
        gin.get_bindings(trainer.train)


def test_what_a_configuration_lacks_is_named(tmp_path):
    param = "--gin_param=train.learner = @DVN()"
    done = run("train", f"--gin_file={DIGITS}", f"--workdir={tmp_path / 'run'}", param)
    assert_one_clear_line(done, "Required bindings for `DVN` not provided", "energy")
