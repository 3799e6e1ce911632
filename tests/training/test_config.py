import logging
import pathlib
import re
import urllib.error
import urllib.request

import gin
import numpy as np
import pytest
import tensorflow as tf

import alen_tf.training.trainer  # noqa: F401  # registers the root `train`
from alen_tf.errors import ConfigError, DataError
from alen_tf.training import config
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
        ("train.learner = @Nope()", "Nope"),
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
        "train.epochs = 'three",
        "train.epoch = 3",
        "trian.epochs = 3",
        "train.epochs = %long",
        "train.learner = @Nope()",
        "train.epochs = 3\ntrain.epoch = 4",
    ],
)
def test_malformed_parameter(write, param):
    message = message_of([write("train.seed = 1\n")], [param])
    if "%" in param:
        assert "%long" in message
    else:
        assert message.startswith(f"--gin_param={param!r}: ")


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
RUNS = [file for file in FILES if names(file, "train.task") and names(file, "train.learner")]


def test_there_are_configurations():
    for name in ("digits/alen.gin", "bibtex/alen.gin", "bookmarks/dvn.gin"):
        assert config.GIN_DIR / name in RUNS


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
    """Bindings that name files of a user, and images."""
    path = tmp_path / "own.npz"
    np.savez(path, x=random.randn(40, 5), y=random.rand(40, 3) < 0.5)
    write_folder(tmp_path / "blobs", 30, (16, 16))
    folder = f"image_folder.folder = '{tmp_path / 'blobs'}'"
    return [f"files.train = '{path}'", folder, "image_folder.size = 15"]


@pytest.mark.parametrize("file", RUNS, ids=lambda file: str(file.relative_to(config.GIN_DIR)))
def test_configuration_is_built_and_stepped_once(file, load, own_files, monkeypatch):
    def unreachable(*args, **kwargs):
        raise urllib.error.URLError("tests do not download")

    monkeypatch.setattr(urllib.request, "urlopen", unreachable)
    fewer_crops = ["ImageViews.offsets = (0, 8)"]
    params = {"own": own_files, "weizmann_horses": fewer_crops}.get(file.parent.name, ())
    config.parse([str(file)], params)
    root = gin.get_bindings("train")
    assert root["epochs"] > 0
    task, learner = root["task"], root["learner"]
    try:
        splits = load(file, task)
    except DataError as error:
        if "not found" in str(error) or "cannot be reached" in str(error):
            pytest.skip(f"no data: {error}")
        raise  # damaged or malformed data is no reason to skip
    examples = splits.validation.take(slice(0, ROWS))
    shapes = examples.x.shape[1:], examples.y.shape[1:]
    learner.build(*shapes, task.space, task.oracle, total_steps=100, views=task.views)
    learner.adapt(examples.x)
    x, y_true = tf.constant(examples.x), tf.constant(examples.y, tf.float32)
    augmented = task.augmentation(x, y_true, tf.constant([0, 0]))

    before = {name: network.get_weights() for name, network in learner.networks.items()}
    scalars = step(learner, *augmented)
    for name, value in scalars.items():
        assert np.isfinite(float(value)), name
    for name, network in learner.networks.items():
        after = network.get_weights()
        changed = [np.any(a != b) for a, b in zip(before[name], after, strict=True)]
        assert any(changed), f"the {name} has learned nothing"

    path = learner.predict(x)
    for y in path:
        assert y.shape == examples.y.shape
        np.testing.assert_allclose(y, task.space.project(y), atol=1e-6)
    scores = task.scores(path[-1].numpy(), examples.truth)
    assert 0 <= scores[task.metric] <= 1


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
