import gin
import numpy as np
import pytest

from alen_tf import ALENClassifier
from alen_tf.cross_fitting import network, refined
from alen_tf.cross_fitting import run as cross_fitting
from alen_tf.networks.mlp import MLP
from alen_tf.training import config
from tests import commands
from tests.own_rows import LABELS, rows, write_csv, write_files

GIN = "gin/own/multilabel.gin"
SMALL = ("cross_fit.estimator = @MLP()", "MLP.hidden_units = 8")


def set_few_steps(patch):
    """As `tests.commands.quick`: for what does not depend on how well networks learn."""
    for module in (network, refined):
        patch.setattr(module, "STEPS", (20, 40))


@pytest.fixture
def few_steps(monkeypatch):
    set_few_steps(monkeypatch)


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    """A folder with train.csv, test.csv, rows.csv and known.csv: every other row's "sea"."""
    folder = tmp_path_factory.mktemp("own")
    write_files(folder)
    cells = [[value] if row % 2 else ["?"] for row, value in enumerate(rows(60, 1)[1][:, 1])]
    write_csv(folder / "known.csv", ["sea"], cells)
    return folder


@pytest.fixture(scope="session")
def known():
    """The values of known.csv, [rows, labels]."""
    values = np.full((60, 3), np.nan, np.float32)
    values[1::2, 1] = rows(60, 1)[1][1::2, 1]
    return values


@pytest.fixture(scope="session")
def params(files):
    """Bindings that name the files."""
    return (
        f"files.train = '{files}/train.csv'",
        f"files.test = '{files}/test.csv'",
        f"files.labels = {list(LABELS)}",
    )


@pytest.fixture(scope="session")
def train(params):
    """Trains as a user does, in few steps: a function of the workdir and more bindings."""

    def train(workdir, *more):
        given = [f"--gin_param={param}" for param in (*params, *more)]
        options = [f"--gin_file={GIN}", f"--workdir={workdir}", *given]
        done = commands.run("train", *options, start=commands.quick("train"))
        assert done.returncode == 0, done.stderr
        return done.stdout

    return train


@pytest.fixture
def train_here(params, few_steps):
    """Trains in this process."""

    def train(workdir, *more, **options):
        gin.clear_config()
        config.parse([GIN], (*params, *SMALL, *more))
        return cross_fitting.cross_fit(workdir, **options)

    return train


@pytest.fixture(scope="session")
def workdir(files, train):
    """A trained workdir; beside it, printed.txt has what the command printed."""
    (files / "printed.txt").write_text(train(files / "run", *SMALL))
    return files / "run"


@pytest.fixture(scope="session")
def estimator():
    """The model of `workdir` from Python: the same rows, parameters and seed."""
    with pytest.MonkeyPatch.context() as patch:
        set_few_steps(patch)
        model = ALENClassifier(estimator=MLP(hidden_units=8), random_state=0)
        return model.fit(*rows(150, 0))
