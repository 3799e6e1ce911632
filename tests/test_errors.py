"""Settings out of their range, each with one line that names it."""

import inspect
import math
import numbers

import gin
import numpy as np
import pytest

from alen_tf import errors
from alen_tf.datasets.augmentation import ImageAugmentation
from alen_tf.datasets.splits import Examples, hold_out, three_splits
from alen_tf.errors import ConfigError
from alen_tf.inference.ascent import GradientAscent
from alen_tf.inference.mirror import MirrorAscent
from alen_tf.inference.test_time_augmentation import TestTimeAugmentation as Crops
from alen_tf.models import optimizers
from alen_tf.models.alen import ALEN
from alen_tf.models.dvn import DVN
from alen_tf.models.min_max import MinMax
from alen_tf.models.spen import SPEN
from alen_tf.models.spen_e2e import SPENEndToEnd
from alen_tf.models.spen_infnet import SPENInfNet
from alen_tf.models.starts import TrainingStarts
from alen_tf.networks.conv import ConvEnergy
from alen_tf.networks.crf import MeanFieldCRF
from alen_tf.networks.fcn import FCN, FCNEnergy
from alen_tf.networks.icnn import ICNN
from alen_tf.networks.mlp import MLP, MLPEnergy
from alen_tf.networks.unet import UNet, UNetEnergy
from alen_tf.tasks.digits import DigitsCompletion
from alen_tf.training import config, trainer
from tests.commands import assert_one_clear_line, run

DIGITS = "gin/digits/alen.gin"
CRF = "ALEN.inference_network = @MeanFieldCRF()\nMeanFieldCRF"


@pytest.mark.parametrize(
    ("param", "message"),
    [
        ("train.task = @DigitsCompletion", "train.task is .*, not a Task: write it as @NAME"),
        ("train.model = @ALEN()", "train.model is .*, not a model class: write it as @NAME"),
        ("train.model = 'ALEN'", "train.model is 'ALEN', not a model class: write it as @NAME"),
        ("train.model = @FCN", "train.model is FCN, not a StructuredModel such as ALEN"),
        ("train.epochs = 1.5", "train.epochs is 1.5, expected a whole number of at least 1"),
        ("train.epochs = True", "train.epochs is True, expected a whole number of at least 1"),
        ("train.seed = -1", "train.seed is -1, expected a whole number of at least 0"),
        ("train.seed = None", "train.seed is None"),
        ("train.seed = 4294967296", "train.seed is 4294967296, expected .* below"),
        ("train.select_after = 'a'", "train.select_after is 'a', expected a number from 0 to 1"),
        ("train.select_after = 2", "train.select_after is 2"),
        ("train.average = 0.9", "train.average is 0.9, expected True or False"),
        ("train.test_every = -1", "train.test_every is -1"),
        ("train.test = 'no'", "train.test is 'no', expected True or False"),
        (
            "TrainingStarts.zero_init_fraction = 2",
            "TrainingStarts.zero_init_fraction is 2, expected a number from 0 to 1",
        ),
        (
            "TrainingStarts.interpolate_fraction = 0.6",
            "zero_init_fraction 0.5 and interpolate_fraction 0.6 add up to more than 1",
        ),
        ("ALEN.beta_v = -1", "ALEN.beta_v is -1, expected a number of at least 0"),
        ("ALEN.task_weight = 'a'", "ALEN.task_weight is 'a', expected a number of at least 0"),
        ("MLPEnergy.input_gain = 0", "MLPEnergy.input_gain is 0, expected a number above 0"),
        ("ALEN.energy = @ICNN()\nICNN.convex_units = 16", "ICNN.convex_units is 16"),
        ("ALEN.energy = @ICNN()\nICNN.hidden_units = 0", "ICNN.hidden_units is 0"),
        ("ALEN.energy = @ICNN()\nICNN.hidden_layers = -1", "ICNN.hidden_layers is -1"),
        ("ALEN.energy = @ICNN()\nICNN.l2 = -1", "ICNN.l2 is -1, expected a number of at least 0"),
        ("ALEN.energy = @MLPEnergy", "energy is MLPEnergy, not a keras.Model: .* @MLPEnergy()"),
        ("MLPEnergy.l2 = 'a'", "MLPEnergy.l2 is 'a', expected a number of at least 0"),
        ("MLP.output_bias = 'a'", "MLP.output_bias is 'a', expected a finite number"),
        ("MLP.output_bias = -1e999", "MLP.output_bias is -inf, expected a finite number"),
        (
            "ALEN.regression_loss = 'l2'",
            "regression loss 'l2' is unknown; expected one of cross_entropy",
        ),
        (
            "DigitsCompletion.oracle = 'f2'",
            "oracle 'f2' is unknown; expected one of class_iou, f1, iou",
        ),
        ("prediction/GradientAscent.steps = 1.5", "GradientAscent.steps is 1.5"),
        ("prediction/GradientAscent.step_size = -1", "GradientAscent.step_size is -1"),
        ("prediction/GradientAscent.norm = 'l1'", "GradientAscent.norm is 'l1', expected one of"),
        (
            "training/GradientAscent.objective = 'v'",
            "GradientAscent.objective is 'v', expected one",
        ),
        ("SPEN.name = 'x'", "'x'\": nothing in this run uses it"),
        (
            "models.optimizers.adam.learning_rate = 1",
            "binds energy/adam.learning_rate, inference/",
        ),
        ("prediction/x/GradientAscent.steps = 1", "nothing in this run uses it"),
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
        ("UNet.filters = (8, 1000000000)", "is 1000000000, .* whole number from 1 to 1,000,000"),
        ("UNet.dropout = 1.5", "UNet.dropout is 1.5, expected a number from 0 to 1"),
        ("UNetEnergy.groups = 3", r"context_filters \(.*\): not multiples of groups 3"),
        ("UNetEnergy.groups = 0", "UNetEnergy.groups is 0"),
        ("UNetEnergy.context_filters = ()", "UNetEnergy.context_filters is"),
        ("ALEN.inference_network = @FCN()", "FCN halves images .* 18x18 are not multiples of 4"),
        ("ALEN.energy = @FCNEnergy()", "FCNEnergy halves images .* 18x18"),
        ("train.energy_optimizer = @sgd\nsgd.momentum = 2", "sgd.momentum is 2"),
        ("energy/adam.drops = 0.5", "drops = 0.5: expected fractions"),
        ("energy/adam.drops = (0.8, 0.2)", "drops = .*: expected fractions"),
        ("energy/adam.drops = (2.0,)", "a fraction in drops is 2.0"),
        ("energy/adam.learning_rate = -1e-3", "learning_rate is -0.001"),
        ("energy/adam.beta_1 = 1.5", "adam.beta_1 is 1.5"),
        ("energy/adam.weight_decay = -0.1", "adam.weight_decay is -0.1"),
        (f"{CRF}.iterations = 0", "iterations is 0"),
        (f"{CRF}.far = 0.0", "far is 0.0, expected"),
        ("TestTimeAugmentation.offsets = ()", "TestTimeAugmentation.offsets is"),
        ("TestTimeAugmentation.offsets = 4", "TestTimeAugmentation.offsets is 4"),
        ("TestTimeAugmentation.offsets = (-1, 0)", "TestTimeAugmentation.offsets is -1"),
        ("TestTimeAugmentation.size = 12.0", "TestTimeAugmentation.size is 12.0"),
        ("ImageAugmentation.crop = 0", "ImageAugmentation.crop is 0"),
        ("ImageAugmentation.crop = (12, 12)", "ImageAugmentation.crop is"),
        ("ImageAugmentation.crop = 40", "ImageAugmentation.crop is 40, but images are 18x18"),
        ("ImageAugmentation.zoom = 2.0", "ImageAugmentation.zoom is 2.0"),
    ],
)
def test_settings_for_images(param, message):
    with pytest.raises(ConfigError, match=message):
        build_for_images(param)


def build_for_images(param):
    config.parse(["gin/own/segmentation.gin"], [param, "TestTimeAugmentation.mirror = True"])
    root = gin.get_bindings(trainer.train)
    task = root["task"]
    task.augmentation.check((18, 18, 3))
    for name in ("energy_optimizer", "inference_optimizer"):
        root[name](9)
    trainer.build(root["model"], task, (None, 18, 18, 3), (None, 18, 18, 1))


def test_proportions_of_tuples():
    config.parse(["gin/bibtex/dvn.gin"], ["DVN.adversarial = -0.25"])
    model = gin.get_bindings(trainer.train)["model"]
    with pytest.raises(
        ConfigError, match=r"DVN.adversarial is -0.25, expected a number of at least 0"
    ):
        model()


LACKING = "Required bindings for `DVN` not provided"


@pytest.mark.parametrize("model", ["@DVN", "@DVN()"])
def test_what_a_configuration_lacks_is_named(tmp_path, model):
    config.parse([DIGITS], [f"train.model = {model}"])
    with pytest.raises(ConfigError, match=f"{LACKING}.*energy"), config.complete():
        trainer.train(tmp_path / "run")


def test_a_command_says_what_its_configuration_lacks(tmp_path):
    param = "--gin_param=train.model = @DVN"
    done = run("train", f"--gin_file={DIGITS}", f"--workdir={tmp_path / 'run'}", param)
    assert_one_clear_line(done, LACKING, "energy")


def test_arguments_that_no_gin_file_gives_keep_their_traceback():
    with (
        pytest.raises(TypeError, match="missing 4 required positional"),
        config.complete(),
    ):
        MirrorAscent().step()


NAN = math.nan


@pytest.mark.parametrize("number", [NAN, math.inf, -0.5, "1", None, 1j])
def test_what_no_check_takes_for_a_number(number):
    for check in (errors.check_number, errors.check_positive, errors.check_share):
        with pytest.raises(ConfigError, match=f"x is {number!r}, expected a number"):
            check("x", number)
    if number != -0.5:
        with pytest.raises(ConfigError, match=f"x is {number!r}, expected a finite number"):
            errors.check_finite_number("x", number)
    with pytest.raises(
        ConfigError, match=f"x is {number!r}, expected a whole number of at least 1"
    ):
        errors.check_count("x", number)


def test_the_ends_of_ranges():
    errors.check_number("x", 0)
    errors.check_number("x", 0.5, most=0.5)
    errors.check_finite_number("x", -3.5)
    errors.check_positive("x", 1e-30)
    errors.check_share("x", 1e-30)
    for check, number in (
        (errors.check_positive, 0.0),
        (errors.check_share, 0.0),
        (errors.check_share, 1.0),
    ):
        with pytest.raises(ConfigError, match=f"x is {number!r}, expected a number"):
            check("x", number)
    with pytest.raises(ConfigError, match=r"x is 0.6, expected a number from 0 to 0.5"):
        errors.check_number("x", 0.6, most=0.5)


METHODS = (ALEN, DVN, MinMax, SPEN, SPENEndToEnd, SPENInfNet)
NETWORKS = (MLP, MLPEnergy, ICNN, FCN, FCNEnergy, ConvEnergy, UNet, UNetEnergy, MeanFieldCRF)
OTHERS = (
    GradientAscent,
    MirrorAscent,
    TrainingStarts,
    ImageAugmentation,
    optimizers.sgd,
    optimizers.adam,
)


def numbers_of(make):
    """The arguments of a constructor or a function that have a number by default."""
    return [
        name
        for name, parameter in inspect.signature(make).parameters.items()
        if isinstance(parameter.default, numbers.Real) and not isinstance(parameter.default, bool)
    ]


@pytest.mark.parametrize(
    ("make", "name"),
    [(make, name) for make in (*METHODS, *NETWORKS, *OTHERS) for name in numbers_of(make)],
    ids=lambda each: getattr(each, "__name__", each),
)
def test_no_constructor_takes_nan(make, name):
    required = {
        "energy": MLPEnergy(),
        "inference_network": MLP(),
        "total_steps": 9,
    }
    taken = inspect.signature(make).parameters
    given = {key: value for key, value in required.items() if key in taken}
    with pytest.raises(ConfigError, match=rf"{name} is nan, expected a"):
        make(**given, **{name: NAN})


@pytest.mark.parametrize(
    ("make", "setting"),
    [
        (FCN, {"filters": (4, NAN, 8)}),
        (UNet, {"filters": (NAN, 8)}),
        (UNetEnergy, {"context_filters": (NAN, 8)}),
        (ConvEnergy, {"units": (NAN,)}),
        (ICNN, {"convex_units": (NAN,)}),
        (Crops, {"size": 8, "offsets": (0, NAN)}),
        (Crops, {"size": NAN}),
        (ImageAugmentation, {"crop": NAN}),
    ],
    ids=lambda each: getattr(each, "__name__", None),
)
def test_no_constructor_takes_nan_among_several_numbers(make, setting):
    with pytest.raises(ConfigError, match="is nan, expected a whole number"):
        make(**setting)


@pytest.mark.parametrize(
    "name", ["epochs", "batch_size", "seed", "evaluate_every", "select_after", "test_every"]
)
def test_no_setting_of_a_training_is_nan(name, tmp_path):
    settings = {"task": DigitsCompletion(), "model": ALEN, "epochs": 1} | {name: NAN}
    with pytest.raises(ConfigError, match=f"train.{name} is nan, expected a"):
        trainer.train(tmp_path / "run", **settings)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", ["validation_fraction", "test_fraction", "seed"])
def test_no_share_that_is_held_out_is_nan(name):
    examples = Examples(np.zeros((20, 2)), np.zeros((20, 3)))
    with pytest.raises(ConfigError, match=" is nan, expected a"):
        three_splits("file", examples, **{name: NAN})
    with pytest.raises(ConfigError, match="the held-out share is nan, expected a number"):
        hold_out(examples, NAN)
