import logging
import pathlib
import re
import urllib.error
import urllib.request

import gin
import numpy as np
import pytest
import tensorflow as tf
from sklearn.datasets import dump_svmlight_file

from alen_tf.cross_fitting import cross_fitted, run
from alen_tf.datasets import shard_writer
from alen_tf.errors import ConfigError, DataError
from alen_tf.inference.ascent import Ascent
from alen_tf.sparse_rows import as_tensor
from alen_tf.tasks.multilabel import MultiLabel
from alen_tf.training import config, trainer
from tests.photographs import write_folder
from tests.steps import step

ROWS = 6  # of the real data, for the step that every configuration takes


@pytest.fixture
def write(tmp_path):
    def write(content, name="run.gin"):
        path = tmp_path / name
        path.write_text(content)
        return str(path)

    return write


def message_of(files, params=()):
    """What a user would read: one line."""
    with pytest.raises(ConfigError) as caught:
        config.parse(files, params)
    message = str(caught.value)
    assert message.strip()
    assert "\n" not in message
    assert "Traceback" not in message
    assert " object at 0x" not in message  # a Python object's address tells a user nothing
    return message


def test_later_files_and_parameters_win(write):
    first = write("train.epochs = 1\ntrain.seed = 1\ntrain.batch_size = 1\n", "first.gin")
    second = write("train.epochs = 2\ntrain.seed = 2\n", "second.gin")
    config.parse([first, second], ["train.epochs = 3", "train.epochs = 4"])
    found = [gin.query_parameter(f"train.{name}") for name in ("epochs", "seed", "batch_size")]
    assert found == [4, 2, 1]


def test_nothing_is_left_of_an_earlier_configuration(write):
    config.parse([write("train.epochs = 1\ntrain.seed = 5\n")])
    config.parse([write("train.epochs = 2\n")])
    assert gin.query_parameter("train.epochs") == 2
    with pytest.raises(ValueError, match="seed"):
        gin.query_parameter("train.seed")


def test_parsing_locks_the_configuration(write):
    config.parse([write("train.epochs = 1\n")])
    assert gin.config_is_locked()


def test_files_are_found_beside_the_package(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("gin/digits/alen.gin", "digits/alen.gin"):
        config.parse([name])
        assert gin.query_parameter("train.epochs") > 0


def test_working_directory_comes_first(write, tmp_path, monkeypatch):
    (tmp_path / "digits").mkdir()
    write("train.epochs = 12345\n", "digits/alen.gin")
    monkeypatch.chdir(tmp_path)
    config.parse(["digits/alen.gin"])
    assert gin.query_parameter("train.epochs") == 12345


def test_include_is_relative_to_the_gin_folder(write, caplog):
    with caplog.at_level(logging.ERROR):
        config.parse([write("include 'digits/alen.gin'\ntrain.epochs = 7\n")])
    assert gin.query_parameter("train.epochs") == 7
    # gin logs an error for each path where an included file is not, before it finds it.
    assert caplog.records == []


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("trian.epochs = 3", "trian"),
        ("train.model = @Nope", "Nope"),
        ("train.epoch = 3", "'epoch'"),
        ("GradientAscent.step = 3", "'step'"),
        ("training/GradientAscent.step = 3", "'step'"),
        ("train.seed = = 3", "parse"),
        ("train.seed", "parse"),
        ("train.seed = [3", ""),
        ("train.seed = three", ""),
        ("include 'nowhere.gin'", "nowhere.gin"),
        ("import no_such_module", "no_such_module"),
    ],
)
def test_wrong_line_is_named_with_its_place(write, line, name):
    file = write(f"# A comment.\ntrain.epochs = 1\n\n{line}\n")
    message = message_of([file])
    assert message.startswith(f"{file}:4: ") or (
        # A bracket that is never closed is only missed at the end of the file.
        line.endswith("[3") and re.match(rf"{re.escape(file)}:\d: ", message)
    )
    assert name in message


def test_mistake_in_an_included_file_is_named_with_that_file(write):
    inner = write("# A comment.\ntrain.epoch = 3\n", "inner.gin")
    message = message_of([write(f"train.seed = 1\ninclude '{inner}'\n")])
    assert message.startswith(f"{inner}:2: ")
    assert "'epoch'" in message


def test_missing_file(write):
    message = message_of(["no/such/file.gin"])
    assert "no/such/file.gin not found" in message
    assert str(pathlib.Path("no/such/file.gin").resolve()) in message  # where it was looked for
    absolute = str(pathlib.Path(write("")).with_name("other.gin"))
    assert absolute in message_of([absolute])


def test_not_a_text_file(tmp_path):
    path = tmp_path / "binary.gin"
    path.write_bytes(b"\xff\xfe\x00")
    assert str(path) in message_of([str(path)])


def test_file_that_includes_itself(write, tmp_path):
    file = write(f"include '{tmp_path}/run.gin'\n")
    assert file in message_of([file])


def test_macro_without_a_value(write):
    file = write("train.epochs = %long\n")
    message = message_of([file])
    assert "%long" in message
    assert file in message
    config.parse([file], ["long = 9"])
    assert gin.query_parameter("%long") == 9


@pytest.mark.parametrize(
    "param",
    [
        "train.epochs",
        "train.epochs = ",
        "= 3",
        "train.epochs = @",
        "train.epochs == 3",
        "train.epochs = 3 = 4",
        "train.epochs = three",
        "train.epochs = 10**12",  # Python, but no literal
        "train.epochs = 'three",
        "train.epoch = 3",
        "trian.epochs = 3",
        "train.epochs = %long",
        "train.model = @Nope",
        "train.epochs = 3\ntrain.epoch = 4",
    ],
)
def test_malformed_parameter(write, param):
    message = message_of([write("train.seed = 1\n")], [param])
    if "%" in param:
        assert "%long" in message
    else:
        assert message.startswith(f"--gin_param={param!r}: ")


@pytest.mark.parametrize("value", ["10**9", "2 * 3"])
def test_a_value_that_goes_on_is_told_to_be_a_literal(value):
    message = message_of([], [f"train.epochs = {value}"])
    assert "a literal such as 1000, 0.5 or 'name'" in message


def test_a_configuration_has_one_root():
    config.parse(["gin/own/multilabel.gin"])
    assert config.root() == "cross_fit"
    config.parse(["gin/own/multilabel.gin"], ["train.task = @MultiLabel()"])
    with pytest.raises(ConfigError, match=r"train.task and cross_fit.task are both bound"):
        config.root()
    config.parse(["gin/own/multilabel_joint.gin"])
    assert config.root() == "train"
    config.parse([], ["train.epochs = 1"])
    with pytest.raises(ConfigError, match=r"bind train.task, or cross_fit.task"):
        config.root()


# Names of version 0.1.

STARTS = ", with {0}.starts = @TrainingStarts()"
METHODS = ("ALEN", "MinMax", "DVN", "SPEN", "SPENEndToEnd", "SPENInfNet", "FeedForward")
PAIRS = ("ALEN", "MinMax", "SPENInfNet")
RENAMED = {
    "train.learner = @ALEN()": "train.model, a name without parentheses: train.model = @ALEN",
    "train.choose_from = 0.8": "train.select_after",
    **{f"{method}.energy_optimizer = @adam": "train.energy_optimizer" for method in METHODS[:-1]},
    **{
        f"{method}.inference_optimizer = @adam": "train.inference_optimizer"
        for method in (*PAIRS, "FeedForward")
    },
    "ALEN.distance = @cross_entropy": "ALEN.regression_loss",
    "ALEN.a = 1.0": "removed: it was always 1",
    "ALEN.d = 1.0": "removed: it was always 1",
    "ALEN.uninformed = 0.5": "TrainingStarts.zero_init_fraction" + STARTS.format("ALEN"),
    "DVN.uninformed = 0.5": "DVN.zero_init_fraction",
    "ALEN.mixed = 0.5": "TrainingStarts.interpolate_fraction" + STARTS.format("ALEN"),
    "DVN.mixed = 0.5": "TrainingStarts.interpolate_fraction" + STARTS.format("DVN"),
    "ALEN.crisp = True": "TrainingStarts.discretize" + STARTS.format("ALEN"),
    "DVN.crisp = True": "TrainingStarts.discretize" + STARTS.format("DVN"),
    "ALEN.anywhere = True": "ALEN.random_iterate",
    "DVN.anywhere = True": "DVN.random_iterate",
    "GradientAscent.normalize = False": 'GradientAscent.norm = "l2", or None for False',
    "training/GradientAscent.free = True": "GradientAscent.active_set",
    "GradientAscent.per_place = True": 'GradientAscent.norm = "rms"',
    "inference.ascent.GradientAscent.log_value = True": 'GradientAscent.objective = "log_value"',
    **{
        f"{task}.views = None": f"{task}.test_time_augmentation"
        for task in ("Segmentation", "ClassSegmentation", "FaceParts", "own_segmentation")
    },
    "lfw_parts.finer = 2": "lfw_parts.high_res",
    "ImageViews.mirror = True": "TestTimeAugmentation",
    "crops/ImageViews.mirror = True": "TestTimeAugmentation",
    "Segmentation.test_time_augmentation = @ImageViews()": "TestTimeAugmentation",
    "Segmentation.test_time_augmentation = @crops/ImageViews()": "TestTimeAugmentation",
    "Segmentation.oracle = @agreement": "soft_pixel_accuracy",
    "Segmentation.oracle = @objectives.oracles.agreement": "soft_pixel_accuracy",
}


@pytest.mark.parametrize("line", RENAMED)
def test_an_old_name_is_told_the_new_one(write, line):
    file = write(f"# A comment.\n{line}\n")
    message = message_of([file])
    assert message.startswith(f"{file}:2: ")
    assert message.endswith(f" is now {RENAMED[line]}")
    message = message_of([], [line])
    assert message.startswith(f"--gin_param={line!r}: ")
    assert message.endswith(f" is now {RENAMED[line]}")


def test_new_names_are_there(write):
    new = {name for text in RENAMED.values() for name in re.findall(r"\w+\.\w+", text)}
    assert len(new) > 15
    config.parse([write("".join(f"{name} = None\n" for name in new - {"train.model"}))])
    for name in ("TestTimeAugmentation", "soft_pixel_accuracy"):
        config.parse([write(f"train.task = @{name}\n")])


def test_other_mistakes_in_renamed_configurables_get_no_hint(write):
    for line in ("ALEN.uninform = 0.5", "MLP.uninformed = 0.5", "train.task = @ImageView()"):
        assert "is now" not in message_of([write(line)])


def test_a_network_of_an_old_file_is_to_be_called():
    config.parse(["gin/digits/alen.gin"], ["ALEN.energy = @MLPEnergy"])
    with pytest.raises(ConfigError, match=r"^energy is MLPEnergy, .*MLPEnergy\(\.\.\.\)"):
        trainer.train("unused")


def test_a_gin_file_says_what_is_known_in_training():
    for given, inputs in (("(0.0, 0.5)", 5 + 2 * 3), ("0.5", 5 + 2 * 3), ("None", 5)):
        config.parse(["gin/own/multilabel_joint.gin"], [f"ALEN.known_fraction = {given}"])
        task, maker = MultiLabel(dataset=None), gin.get_bindings("train")["model"]
        model = trainer.build(maker, task, (None, 5), (None, 3))
        assert model.inference_network.body.layers[0].kernel.shape[0] == inputs


# Every file under gin/.

FILES = sorted(config.GIN_DIR.rglob("*.gin"))


def names(file, binding):
    """Whether a file has a binding, itself or through what it includes."""
    text = file.read_text()
    included = re.findall(r"^include\s+['\"](.+?)['\"]", text, flags=re.MULTILINE)
    return f"{binding} = " in text or any(
        names(config.GIN_DIR / name, binding) for name in included
    )


# The others are parts of runs.
RUNS = [file for file in FILES if names(file, "train.task") and names(file, "train.model")]
CROSS_FITTED = [file for file in FILES if names(file, "cross_fit.task")]


def test_there_are_configurations():
    for name in ("digits/alen.gin", "bibtex/alen.gin", "bookmarks/dvn.gin"):
        assert config.GIN_DIR / name in RUNS
    for name in ("own", "bibtex", "bookmarks", "digits", "mulan"):
        (file,) = (file for file in CROSS_FITTED if file.parent.name == name)
        assert file.name == ("multilabel.gin" if name == "own" else "cross_fitted.gin")


@pytest.fixture(scope="module")
def load(manual_dir, bookmarks_dir, horses_dir, faces_dir, data_dir):
    """Loads a task's data, once for all files that bind it alike, as it takes seconds."""
    loaded = {}

    def load(file, task):
        key = file.parent, type(task), str(gin.get_bindings(task.dataset))
        if key not in loaded:
            generated = {
                "bookmarks": bookmarks_dir,
                "weizmann_horses": horses_dir,
                "lfw_parts": faces_dir,
            }
            folder = generated.get(file.parent.name, manual_dir)
            loaded[key] = task.load(folder and str(folder), str(data_dir))
        return loaded[key]

    return load


@pytest.fixture
def own_files(tmp_path, random):
    """Bindings that name files of a user, images, and shards."""
    path, rows = tmp_path / "own.npz", tmp_path / "own.svm"
    x, y = random.randn(40, 5), random.rand(40, 3) < 0.5
    np.savez(path, x=x, y=y)
    dump_svmlight_file(x * (x > 1), np.int64(y), str(rows), multilabel=True, zero_based=False)
    shard_writer.write([rows], tmp_path / "shards", held_out=10)
    write_folder(tmp_path / "blobs", 30, (16, 16))
    folder = f"image_folder.folder = '{tmp_path / 'blobs'}'"
    shards = f"shards.folder = '{tmp_path / 'shards'}'"
    return [f"files.train = '{path}'", folder, "image_folder.size = 15", shards]


@pytest.fixture
def short_ascents(monkeypatch):
    """Ascents end after two steps, whatever is configured: more are more of the same."""
    ascend = Ascent.__call__

    def shortly(self, value, y, space, steps=None):
        return ascend(self, value, y, space, min(2, self.steps if steps is None else steps))

    monkeypatch.setattr(Ascent, "__call__", shortly)


@pytest.fixture
def unreachable(monkeypatch):
    def unreachable(*args, **kwargs):
        raise urllib.error.URLError("tests do not download")

    monkeypatch.setattr(urllib.request, "urlopen", unreachable)


def by_name(file):
    return str(file.relative_to(config.GIN_DIR))


def loaded_or_skipped(load, file, task):
    try:
        return load(file, task)
    except DataError as error:
        if "not found" in str(error) or "cannot be reached" in str(error):
            pytest.skip(f"no data: {error}")
        raise  # damaged or malformed data is no reason to skip


@pytest.mark.usefixtures("short_ascents", "unreachable")
@pytest.mark.parametrize("file", RUNS, ids=by_name)
def test_configuration_is_built_and_stepped_once(file, load, own_files):
    fewer_crops = ["TestTimeAugmentation.offsets = (0, 8)"]
    params = {"own": own_files, "weizmann_horses": fewer_crops}.get(file.parent.name, ())
    config.parse([str(file)], params)
    root = gin.get_bindings("train")
    assert root["epochs"] > 0
    task = root["task"]
    splits = loaded_or_skipped(load, file, task)
    examples = splits.validation.take(slice(0, ROWS))
    model = trainer.build(root["model"], task, examples.x.shape, examples.y.shape, seed=0)
    model.preprocessing.adapt(examples.x)
    makers = {k: root[k] for k in ("energy_optimizer", "inference_optimizer") if k in root}
    model.compile(**{name: make(100) for name, make in makers.items()})
    x, y_true = as_tensor(examples.x), tf.constant(examples.y, tf.float32)
    augmented = task.augmentation(x, y_true, tf.constant([0, 0]))

    networks = {name: getattr(model, name) for name in model.networks}
    before = {name: network.get_weights() for name, network in networks.items()}
    scalars = step(model, *augmented)
    for name, value in scalars.items():
        assert np.isfinite(float(value)), name
    for name, network in networks.items():
        after = network.get_weights()
        changed = [np.any(a != b) for a, b in zip(before[name], after, strict=True)]
        assert any(changed), f"the {name} has learned nothing"

    path = model.path(x)
    for y in path:
        assert y.shape == examples.y.shape
        np.testing.assert_allclose(y, task.space.project(y), atol=1e-6)
    scores = task.scores(path[-1].numpy(), examples.truth)
    assert 0 <= scores[task.metric] <= 1


@pytest.mark.usefixtures("unreachable")
@pytest.mark.parametrize("file", CROSS_FITTED, ids=by_name)
def test_cross_fitted_configuration_learns_from_all_rows(file, load, own_files):
    config.parse([str(file)], own_files if file.parent.name == "own" else ())
    root = gin.get_bindings("cross_fit")
    splits = loaded_or_skipped(load, file, root["task"])
    x, y = run.learned(splits)
    assert len(x) == len(y) == len(splits.train) + len(splits.validation)
    if file.parent.name in ("own", "mulan", "bibtex"):
        assert not len(splits.validation)
    cross_fitted.check_settings(root["estimator"], root["folds"], root["decoding"])
    assert "linear" in cross_fitted.chosen(root["estimator"], x, y, root["seed"])


def test_an_override_of_a_configuration_that_was_cleared_is_not_missed():
    config.parse(["gin/digits/alen.gin"], ["ALEN.beta_v = 0.5"])
    with pytest.raises(ConfigError, match="nothing in this run uses it"):
        config.check_effective()
    gin.clear_config()
    config.check_effective()


def test_configured_names_are_all_used():
    # gin itself is silent about a binding for a scope that nothing refers to, such as a typing
    # error in `energy/adam.learning_rate`.
    for file in RUNS:
        gin.clear_config()
        config.parse([str(file)])
        text = gin.config_str()
        scopes = set(re.findall(r"^([\w/]+)/\w+\.\w+ = ", text, flags=re.MULTILINE))
        referred = set(re.findall(r"@([\w/]+)/\w+", text))
        assert scopes <= referred, f"{file}: {scopes - referred}"
