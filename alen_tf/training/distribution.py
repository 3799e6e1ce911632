"""Training on several devices or machines, with TensorFlow's strategies.

Every replica takes its share of a batch, and gradients are summed over replicas. Outside of the
steps, every worker, one process per machine, does the same: it evaluates, decides and saves, so
workers agree without communicating. The first worker saves to the workdir; files of the others are
deleted when they end.
"""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import tempfile
import threading
import zlib

import numpy as np
import tensorflow as tf

from alen_tf.errors import ConfigError, WorkerError

STRATEGIES = (None, "mirrored", "multi_worker")
# Errors when a worker that others wait for is lost.
LOST = (
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.UnavailableError,
)


class Workers:
    """The processes that train together under a strategy: this one alone, or those of TF_CONFIG.

    Attributes:
      strategy: the `tf.distribute.Strategy`.
      first: whether this process keeps its files.
    """

    def __init__(self, name=None):
        """Starts the strategy, which must precede any other use of TensorFlow.

        Args:
          name: None for one device; "mirrored" for all devices of this machine; "multi_worker" for
            those of the machines that the environment variable TF_CONFIG lists, as TensorFlow
            defines it, with the same command on each.

        Raises:
          ConfigError: there is no such strategy, or TF_CONFIG is missing or wrong.
        """
        if name not in STRATEGIES:
            known = ", ".join(map(repr, STRATEGIES))
            raise ConfigError(f"train.strategy = {name!r} is unknown; expected one of {known}")
        self._several = False
        self._place = "this process"
        self.first = True
        if name == "multi_worker":
            tasks, kind, index = _cluster()
            self._place = f"{kind} {index}"
            self.first = (kind, index) == next(iter(tasks))
            self._several = len(tasks) > 1
            self.strategy = _meet(tasks, kind, index)
        elif name == "mirrored":
            self.strategy = tf.distribute.MirroredStrategy()
        else:
            self.strategy = tf.distribute.get_strategy()

    def mean(self, value):
        """The mean of a number over workers; all get the same result."""
        if not self._several:
            return value
        mean = tf.distribute.ReduceOp.MEAN
        values = self.strategy.run(lambda: tf.constant(np.float64(value)))
        return float(self.strategy.reduce(mean, values, axis=None))

    def stop_asked(self, interruption):
        """Whether any worker was interrupted; then all are."""
        asked = self.mean(float(bool(interruption))) > 0
        if asked and not interruption:
            interruption.signal = signal.SIGTERM
        return asked

    @contextlib.contextmanager
    def own_copy(self, path):
        """Yields the folder for this worker's files: `path` itself for the first worker, a
        temporary copy for the others.

        Raises:
          WorkerError: a worker was lost.
        """
        if not self._several:
            yield path
            return
        with self._together(path), contextlib.ExitStack() as stack:
            self.mean(0.0)  # by now the first worker has renamed an old folder
            copy = pathlib.Path(path)
            if not self.first:
                folder = stack.enter_context(tempfile.TemporaryDirectory())
                copy = pathlib.Path(folder, copy.name)
                if pathlib.Path(path).exists():
                    shutil.copytree(path, copy, ignore=shutil.ignore_patterns(".*"))
            self.mean(0.0)  # no worker writes before all have copied
            yield copy

    def check_same(self, content, what):
        """Checks that all workers have the same content.

        Args:
          content: text to compare.
          what: description of a difference, for the error.

        Raises:
          WorkerError: another worker has different `content`.
        """
        number = float(zlib.crc32(content.encode("utf-8")))  # the mean of equal numbers is exact
        if self.mean(number) != number:
            raise WorkerError(f"{self._place} has {what}")

    @contextlib.contextmanager
    def _together(self, path):
        try:
            yield
        except LOST as error:
            raise WorkerError(
                f"{self._place} lost another worker; run the same command on all workers to resume "
                f"from {path}"
            ) from error


def _meet(tasks, kind, index):
    """The strategy of all workers, once all have started.

    Raises:
      ConfigError: this worker cannot have its address.
    """
    if len(tasks) > 1:
        print(f"{kind} {index} waits for {len(tasks)} workers: {', '.join(tasks.values())}")
    try:
        strategy = tf.distribute.MultiWorkerMirroredStrategy()
    except tf.errors.OpError as error:
        raise ConfigError(
            f"TF_CONFIG: {kind} {index} cannot listen at {tasks[kind, index]}, which may be in use "
            f"or not an address of this machine ({error.message.splitlines()[0]})"
        ) from error
    # TensorFlow has replaced the SIGTERM handler, to notify other workers, which we do ourselves.
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGTERM))
    return strategy


def _cluster():
    """The addresses of TF_CONFIG by (kind, index), the writing worker first, and the kind and index
    of this process.

    Raises:
      ConfigError: it is missing or wrong.
    """
    text = os.environ.get("TF_CONFIG")
    example = (
        """{"cluster": {"worker": ["host1:9000", "host2:9000"]}, "task": {"type": "worker", """
        """"index": 0}}"""
    )
    if not text:
        raise ConfigError(
            'train.strategy = "multi_worker" needs the environment variable TF_CONFIG, for example '
            + example
        )
    try:
        config = json.loads(text)
        cluster = {kind: config["cluster"].pop(kind, []) for kind in ("chief", "worker")}
        if config["cluster"] or not all(isinstance(hosts, list) for hosts in cluster.values()):
            raise ValueError("an unknown kind of task, or addresses that are not a list")
        tasks = {(kind, k): host for kind in cluster for k, host in enumerate(cluster[kind])}
        if not all(re.fullmatch(r"[^:]+:\d+|\[.+\]:\d+", host) for host in tasks.values()):
            raise ValueError("an address without a port")
        kind, index = config["task"]["type"], int(config["task"]["index"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"TF_CONFIG is {text!r}, expected something like {example}") from error
    if (kind, index) not in tasks:
        raise ConfigError(f"TF_CONFIG does not list {kind} {index}, its task for this process")
    if len(set(tasks.values())) < len(tasks):
        raise ConfigError(f"TF_CONFIG lists an address twice: {', '.join(tasks.values())}")
    return tasks, kind, index
