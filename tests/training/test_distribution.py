"""Training on two devices, and by two processes that talk over the loopback signature."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow as tf

from alen_tf.datasets.splits import Examples
from alen_tf.errors import ConfigError
from alen_tf.training import config, loop, trainer
from alen_tf.training.distribution import Workers
from tests import events
from tests.commands import ENVIRONMENT, ROOT, run

GIN = "gin/digits/alen.gin"
# What depends on the place in a batch or on dropout cannot be the same for one replica and for two.
PARAMS = (
    "train.epochs = 4",
    "train.batch_size = 90",
    "train.average = True",
    "MLP.hidden_units = 8",
    "MLP.dropout = 0.0",
    "MLPEnergy.hidden_units = 8",
    "MLPEnergy.global_units = 4",
    "TrainingStarts.zero_init_fraction = 0.0",
)


def losses(workdir):
    """{(scalar, step): value} of a run's training, of its event files."""
    found = {
        (value.tag, step): tf.make_ndarray(value.tensor).item()
        for folder, step, value in events.values(workdir)
        if folder == "train" and ("loss" in value.tag or "penalty" in value.tag)
    }
    assert found
    return found


def assert_same_run(workdir, single):
    assert losses(workdir) == pytest.approx(losses(single), rel=1e-5)
    results = [json.loads((path / "results.json").read_text()) for path in (workdir, single)]
    curves = [result["validation"]["by_step"] for result in results]
    np.testing.assert_allclose(*curves, atol=1e-3)  # a pixel at 0.5 may fall to either side


@pytest.fixture(scope="module")
def single(tmp_path_factory):
    """The workdir of the run on one device."""
    workdir = tmp_path_factory.mktemp("distribution") / "single"
    config.parse([GIN], PARAMS)
    trainer.train(workdir)
    return workdir


# In a process of its own: TensorFlow numbers the collectives of all strategies of a process.
TWO_DEVICES = """
import runpy, tensorflow as tf
processor = tf.config.list_physical_devices("CPU")[0]
device = tf.config.LogicalDeviceConfiguration()
tf.config.set_logical_device_configuration(processor, [device] * 2)
runpy.run_module("alen_tf.train", run_name="__main__")
"""


def test_two_devices_of_a_machine_learn_what_one_does(single, tmp_path):
    params = [f"--gin_param={each}" for each in (*PARAMS, "train.strategy = 'mirrored'")]
    workdir = tmp_path / "run"
    subprocess.run(
        [sys.executable, "-c", TWO_DEVICES, f"--gin_file={GIN}", f"--workdir={workdir}", *params],
        cwd=ROOT,
        env=ENVIRONMENT,
        check=True,
        timeout=240,
    )
    assert_same_run(workdir, single)


def test_replicas_share_every_batch():
    """Each step on two replicas sees the rows of the step on one."""
    examples = Examples(np.arange(23, dtype=np.float32)[:, None], np.zeros((23, 1)))
    one = loop.Batches(examples, 6, seed=1)
    strategy = Workers("mirrored").strategy
    assert strategy.num_replicas_in_sync == 2
    with strategy.scope():
        two = loop.Batches(examples, 6, seed=1)
    order, epoch = one.order(3), tf.constant(3)
    for step in map(tf.constant, range(3)):
        shares = strategy.run(lambda step: two(epoch, order, step)[0], [step])
        found = tf.concat(strategy.experimental_local_results(shares), axis=0)
        np.testing.assert_array_equal(found, one(epoch, order, step)[0])


def test_a_batch_that_cannot_be_shared_is_named():
    config.parse([GIN], [*PARAMS, "train.batch_size = 91", "train.strategy = 'mirrored'"])
    with pytest.raises(ConfigError, match=r"batches of 91 .* 2 replicas.*train.batch_size"):
        trainer.train("unused")


def cluster(index, ports, **changes):
    hosts = [f"localhost:{port}" for port in ports]
    return json.dumps(
        {"cluster": {"worker": hosts}, "task": {"type": "worker", "index": index}} | changes
    )


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        (None, ["TF_CONFIG", '"cluster"']),
        ("{", ["TF_CONFIG", '"cluster"']),
        ("[]", ["TF_CONFIG", '"cluster"']),
        (cluster(0, [1], task=3), ["TF_CONFIG", '"cluster"']),
        (cluster(2, [1, 2]), ["TF_CONFIG", "worker 2"]),
        (cluster(0, [1, 1]), ["TF_CONFIG", "twice", "localhost:1"]),
        (cluster(0, [], cluster={"worker": "localhost:1"}), ["TF_CONFIG", '"cluster"']),
        (cluster(0, [], cluster={"worker": ["localhost"]}), ["TF_CONFIG", '"cluster"']),
        (cluster(0, [], cluster={"worker": [5, 6]}), ["TF_CONFIG", '"cluster"']),
        (cluster(0, [], cluster={"worker": ["a:1"], "ps": ["b:1"]}), ["TF_CONFIG", '"cluster"']),
    ],
)
def test_a_wrong_cluster_is_one_clear_line(monkeypatch, value, parts):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    if value is not None:
        monkeypatch.setenv("TF_CONFIG", value)
    with pytest.raises(ConfigError) as raised:
        Workers("multi_worker")
    assert all(part in str(raised.value) for part in parts)


def test_a_port_in_use_is_one_clear_line(tmp_path, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("localhost", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setitem(ENVIRONMENT, "TF_CONFIG", cluster(0, [port]))
        param = "--gin_param=train.strategy = 'multi_worker'"
        done = run("train", f"--gin_file={GIN}", f"--workdir={tmp_path}", param)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(
        f"error: TF_CONFIG: worker 0 cannot listen at localhost:{port}"
    ), done.stderr


def test_a_worker_of_a_cluster_hears_sigterm(tmp_path):
    """TensorFlow's strategy takes that signal for itself."""
    workdir = tmp_path / "run"
    with Cluster(tmp_path, [workdir], "--gin_param=train.epochs = 5000") as alone:
        wait_for_progress(workdir)
        alone.processes[0].send_signal(signal.SIGTERM)
        statuses, lines = alone.wait()
    assert statuses == [128 + signal.SIGTERM], lines
    assert "is saved" in lines[0]


def test_an_unknown_strategy_is_named():
    config.parse([GIN], ["train.strategy = 'tpu'"])
    with pytest.raises(ConfigError, match=r"^train.strategy .*'tpu'.*'multi_worker'"):
        trainer.train("unused")


class Cluster:
    """Training processes, each of which may see the workdir under a path of its own and have an
    option of its own."""

    def __init__(self, folder, workdirs, *options, each=None):
        with contextlib.ExitStack() as stack:
            probes = [stack.enter_context(socket.socket()) for _ in workdirs]
            for probe in probes:
                probe.bind(("localhost", 0))
            ports = [probe.getsockname()[1] for probe in probes]
        params = [f"--gin_param={each}" for each in (*PARAMS, "train.strategy = 'multi_worker'")]
        self.logs = [folder / f"log{index}" for index in range(len(workdirs))]
        self.processes = []
        own = each or [[]] * len(workdirs)
        for index, (workdir, log, more) in enumerate(zip(workdirs, self.logs, own, strict=True)):
            command = [sys.executable, "-m", "alen_tf.train", f"--gin_file={GIN}", *params, *more]
            with log.open("w") as file:
                process = subprocess.Popen(
                    [*command, f"--workdir={workdir}", *options],
                    cwd=ROOT,
                    env=ENVIRONMENT | {"TF_CONFIG": cluster(index, ports)},
                    stdout=file,
                    stderr=file,
                )
            self.processes.append(process)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        for process in self.processes:
            process.kill()
            process.wait()

    def wait(self):
        """The exit statuses, and the last lines."""
        statuses = [process.wait(timeout=240) for process in self.processes]
        return statuses, [log.read_text().splitlines()[-1] for log in self.logs]


def wait_for_progress(workdir):
    """Waits until a state after the first step was saved."""
    folder = workdir / "checkpoints" / "latest"
    for _ in range(2400):
        if folder.exists() and any(name.isdigit() and name != "0" for name in os.listdir(folder)):
            return
        time.sleep(0.1)
    pytest.fail(f"{folder}: nothing was saved within four minutes")


def test_two_processes_learn_what_one_does_and_one_writes(single, tmp_path):
    workdir = tmp_path / "run"
    before = set(os.listdir(tmp_path))
    with Cluster(tmp_path, [workdir, workdir]) as both:
        statuses, _ = both.wait()
    assert statuses == [0, 0], both.logs[0].read_text()
    assert_same_run(workdir, single)
    assert len(list((workdir / "train").glob("events*"))) == 1
    assert set(os.listdir(tmp_path)) - before == {"run", "log0", "log1"}


def test_workers_of_different_configurations_are_told_apart(tmp_path):
    seeds = [[f"--gin_param=train.seed = {seed}"] for seed in (0, 5)]
    with Cluster(tmp_path, [tmp_path / "run"] * 2, each=seeds) as both:
        statuses, lines = both.wait()
    assert statuses == [1, 1]
    for index, line in enumerate(lines):
        assert line.startswith(f"error: worker {index} has code, configuration or data that differ")


@pytest.mark.slow
@pytest.mark.parametrize("victim", [0, 1])
def test_a_lost_worker_ends_the_job_and_the_same_command_resumes(single, tmp_path, victim):
    workdir = tmp_path / "run"
    with Cluster(tmp_path, [workdir, workdir]) as both:
        wait_for_progress(workdir)
        both.processes[victim].kill()
        statuses, lines = both.wait()
    assert statuses[victim] == -signal.SIGKILL
    assert statuses[1 - victim] == 1
    assert lines[1 - victim].startswith(f"error: worker {1 - victim} lost another worker")
    with Cluster(tmp_path, [workdir, workdir]) as both:
        assert both.wait()[0] == [0, 0], both.logs[0].read_text()
    assert "resuming" in both.logs[0].read_text()
    assert_same_run(workdir, single)


@pytest.mark.slow
def test_a_signal_to_one_worker_stops_all_and_all_must_see_the_workdir(tmp_path):
    workdir, elsewhere = tmp_path / "run", tmp_path / "elsewhere"
    long = "--gin_param=train.epochs = 1000"
    with Cluster(tmp_path, [workdir, workdir], long) as both:
        wait_for_progress(workdir)
        both.processes[1].send_signal(signal.SIGINT)
        statuses, lines = both.wait()
    assert statuses == [128 + signal.SIGTERM, 128 + signal.SIGINT], lines
    assert "is saved" in lines[0]
    with Cluster(tmp_path, [workdir, elsewhere], long) as apart:
        statuses, lines = apart.wait()
    assert statuses == [1, 1]
    assert "one folder that all workers share" in lines[1]
