"""The example from scratch is the library's ALEN, step by step, in TensorFlow alone."""

import ast
import importlib.util
import inspect
import re
import subprocess
import sys

import gin
import numpy as np
import pytest
import tensorflow as tf

import alen_tf.training.trainer  # noqa: F401, registers what the gin file names
from alen_tf.datasets.bibtex import bibtex  # noqa: F401, likewise
from alen_tf.datasets.readers import tags
from alen_tf.datasets.splits import Examples, hold_out
from alen_tf.models.alen import ALEN  # noqa: F401, likewise
from alen_tf.models.batch import Batch
from alen_tf.networks.mlp import MLP, MLPEnergy
from alen_tf.networks.standardization import Standardization
from alen_tf.tasks.multilabel import MultiLabel  # noqa: F401, likewise
from tests.commands import ENVIRONMENT, ROOT

SCRIPT = ROOT / "examples" / "alen_from_scratch.py"
WORDS, TAGS = 30, 12
TOTAL_STEPS = 6


@pytest.fixture(scope="module")
def example():
    spec = importlib.util.spec_from_file_location("alen_from_scratch", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def configured():
    """The settings of the library's ALEN on Bibtex."""
    gin.parse_config_file(str(ROOT / "gin" / "bibtex" / "alen.gin"))


@pytest.fixture
def model(configured):
    """That ALEN for a few words and tags, without dropout."""
    gin.bind_parameter("MLP.dropout", 0.0)
    model = gin.get_configurable("ALEN")(seed=0)
    model.build((None, WORDS), (None, TAGS))
    with gin.config_scope("energy"):
        energy_optimizer = gin.get_configurable("sgd")(TOTAL_STEPS)
    with gin.config_scope("inference"):
        inference_optimizer = gin.get_configurable("adam")(TOTAL_STEPS)
    model.compile(energy_optimizer=energy_optimizer, inference_optimizer=inference_optimizer)
    return model


@pytest.fixture
def state(example, model):
    """theta_v, theta_g and Adam's state of the example, with the model's weights."""
    theta_v, theta_g, adam = example.init(np.random.default_rng(0), WORDS, TAGS)
    for theta, network in ((theta_v, model.energy), (theta_g, model.inference_network)):
        for weight, variable in zip(theta.values(), network.trainable_variables, strict=True):
            weight.assign(variable.value)
    return theta_v, theta_g, adam


def batches(example, count):
    """Batches whose tags depend on the words; the first document of each has none."""
    random = np.random.default_rng(1)
    tags_of_words = random.normal(size=(WORDS, TAGS))
    for _ in range(count):
        x = random.normal(size=(example.BATCH, WORDS)).astype(np.float32)
        y = np.float32(x @ tags_of_words > 5.0)
        y[0] = 0.0
        yield x, y


def assert_same_weights(theta_v, theta_g, model):
    for theta, network in ((theta_v, model.energy), (theta_g, model.inference_network)):
        for (name, weight), variable in zip(
            theta.items(), network.trainable_variables, strict=True
        ):
            np.testing.assert_allclose(weight, variable, rtol=0, atol=1e-5, err_msg=name)


def test_settings_are_those_of_the_gin_file(example, configured):
    assert gin.query_parameter("train.epochs") == example.EPOCHS
    assert gin.query_parameter("train.batch_size") == example.BATCH
    assert gin.query_parameter("MLP.dropout") == example.DROPOUT
    step = inspect.signature(example.train_step.python_function)
    assert step.parameters["dropout"].default == example.DROPOUT


def test_weights_follow_the_librarys_step_by_step(example, model, state):
    theta_v, theta_g, adam = state
    update = tf.function(lambda x, y: model.update(Batch(x, y))[0], autograph=False)
    before = [weight.numpy() for theta in (theta_v, theta_g) for weight in theta.values()]
    for x, y in batches(example, TOTAL_STEPS):
        example.train_step(theta_v, theta_g, adam, x, y, TOTAL_STEPS, dropout=0.0)
        update(tf.constant(x), tf.constant(y))
        assert_same_weights(theta_v, theta_g, model)
    after = [weight.numpy() for theta in (theta_v, theta_g) for weight in theta.values()]
    for old, new in zip(before, after, strict=True):
        assert np.abs(new - old).max() > 1e-3


def test_refinement_follows_the_librarys_path(example, model, state):
    theta_v, theta_g, _ = state
    ((x, _),) = batches(example, 1)
    found, expected = example.predict(theta_v, theta_g, x), model.path(tf.constant(x))
    assert len(found) == len(expected) == example.PREDICTION_STEPS + 1
    for y, y_expected in zip(found, expected, strict=True):
        np.testing.assert_allclose(y, y_expected, rtol=0, atol=1e-5)
    assert np.abs(found[-1] - found[0]).max() > 0.5


def test_initial_weights_are_spread_like_the_librarys(example, configured):
    theta_v, theta_g, _ = example.init(np.random.default_rng(0), 500, 100)
    x, y = tf.zeros((1, 500)), tf.zeros((1, 100))
    energy, inference = (gin.get_configurable(network) for network in (MLPEnergy, MLP))
    energy, inference = energy(), inference(outputs=100)
    energy([x, y]), inference(x)
    for theta, network in ((theta_v, energy), (theta_g, inference)):
        for (name, weight), variable in zip(
            theta.items(), network.trainable_variables, strict=True
        ):
            found, expected = weight.numpy(), variable.numpy()
            assert found.shape == expected.shape, name
            if found.ndim == 1:
                np.testing.assert_array_equal(found, expected, name)
            else:  # 16 numbers are enough for half of the deviation, thousands for a tenth
                spread = 0.1 if found.size > 1000 else 0.5
                assert np.std(found) == pytest.approx(np.std(expected), rel=spread), name


def test_dropout_keeps_the_mean(example):
    units = 2000
    theta_g = {"W": tf.zeros((1, units)), "b": tf.ones(units)}
    theta_g |= {"W_out": tf.eye(units), "b_out": tf.zeros(units)}
    logits = example.inference_network(theta_g, tf.ones((1, 1)), 0.3).numpy()
    assert np.mean(logits == 0) == pytest.approx(0.3, abs=0.05)
    np.testing.assert_allclose(logits[logits != 0], 1 / 0.7, rtol=1e-6)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two small files like Bibtex's: a tag of five documents in six, and the words that go with
    it."""
    random = np.random.default_rng(0)
    folder = tmp_path_factory.mktemp("bibtex")
    names = [f"word{i}" for i in range(WORDS)] + [f"TAG_{i}" for i in range(TAGS)]
    header = "@relation small\n\n" + "".join(f"@attribute {name} {{0,1}}\n" for name in names)
    for split, rows in (("train", 120), ("test", 40)):
        lines = []
        for row in range(rows):
            topic = random.integers(TAGS + TAGS // 5)
            columns = {0, *random.choice(WORDS, 3), *(2 * (topic % TAGS) + np.arange(1, 4))}
            columns |= {WORDS + topic} if topic < TAGS else set()
            if split == "test" and row == 0:
                columns.remove(0)  # a word that all training documents have
            lines.append("{" + ",".join(f"{column} 1" for column in sorted(columns)) + "}\n")
        (folder / f"bibtex-{split}.arff").write_text(header + "\n@data\n" + "".join(lines))
    return folder


def test_data_are_those_of_the_librarys_readers(example, folder):
    splits = example.load(folder)
    assert list(splits) == ["train", "validation", "test"]
    read = {}
    for split in ("train", "test"):
        table = tags.read(folder / f"bibtex-{split}.arff", WORDS, TAGS).values.toarray()
        read[split] = Examples(table[:, :WORDS], table[:, WORDS:])
    read["train"], read["validation"] = hold_out(read["train"], 0.1)
    layer = Standardization()
    layer.build((None, WORDS))
    layer.adapt(read["train"].x)
    for split, (x, y) in splits.items():
        found = np.hstack([x, y])
        expected = np.hstack([layer(read[split].x), read[split].y])
        if split != "test":  # the order of documents differs
            found, expected = (rows[np.lexsort(np.round(rows, 3).T)] for rows in (found, expected))
        np.testing.assert_allclose(found, expected, atol=1e-5)
    assert splits["test"][0][:2, 0].tolist() == [-1.0, 0.0]  # constant in training: only centred


def test_script_prints_f1_by_step(folder):
    command = [sys.executable, str(SCRIPT), f"--data={folder}", "--epochs=60", "--seed=1"]
    done = subprocess.run(
        command, env=ENVIRONMENT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    *_, progress, header = done.stdout.split("\n")[:7]
    rows = done.stdout.strip().split("\n")[7:]
    assert re.fullmatch(r"epoch +60: validation F1 \d+\.\d\d", progress)
    assert header.split() == ["F1", "after", "step", "validation", "test"]
    assert [row.split()[0] for row in rows] == list("0123456")
    scores = np.array([row.split()[1:] for row in rows], float)
    assert progress.split()[-1] == rows[-1].split()[1]
    assert scores.shape == (7, 2)
    assert np.all((scores >= 0) & (scores <= 100))
    assert scores[-1].min() > 50  # a seventh of the documents has no tag


def test_script_is_short_and_stands_alone():
    source = SCRIPT.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 200
    imported, attributes = set(), set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module)
        elif isinstance(node, ast.Attribute) and getattr(node.value, "id", None) == "tf":
            attributes.add(node.attr)
    assert imported == {"argparse", "pathlib", "re", "numpy", "tensorflow"}
    # Each of these is Keras under another name.
    assert not attributes & {"keras", "initializers", "losses", "metrics", "optimizers"}
