"""Content for TensorBoard and the workdir: scalars, configuration, hyper-parameters, pictures."""

import io
import os
import re

import numpy as np
import tensorflow as tf
from tensorboard.plugins.hparams import api as hparams

from alen_tf.storage import write, writing

# Inference steps with their own curve, in addition to the refined output: TensorBoard has seven
# colours.
SHOWN_STEPS = 6


class Summaries:
    """Writes TensorBoard events under `train/` and `eval/`, and pictures also as PNG files.

    TensorBoard draws scalars with the same name in several folders as one chart: the score of the
    refined output is under `eval/refined/`, and that after an earlier inference step t under
    `eval/step_t/`.

    A checkpoint stores its position in the event files. A resumed run truncates them there, so that
    every step appears once, however the previous run ended.
    """

    def __init__(self, workdir, config, position=None):
        """Opens the writers.

        Args:
          workdir: the `Workdir`.
          config: the configuration, recorded as text and as hyper-parameters of a new run.
          position: the `position` at the checkpoint that a run resumes from.
        """
        self._folder = workdir.path
        self.problems = self._cut(position or {})
        with writing(self._folder):
            self._train = tf.summary.create_file_writer(str(workdir.path / "train"))
            self._eval = tf.summary.create_file_writer(str(workdir.path / "eval"))
        self._by_step = {}  # writers of further folders
        if position is None:
            indented = "\n".join(f"    {line}" for line in config.splitlines())
            with self._eval.as_default():
                tf.summary.text("config", indented, step=0)
                hparams.hparams(hyper_parameters(config), trial_id=str(workdir.path))

    def position(self):
        """The sizes of the event files, by name, once everything recorded so far is in them."""
        with writing(self._folder):
            for writer in self._writers():
                writer.flush()
            return {name: path.stat().st_size for name, path in self._files().items()}

    def _writers(self):
        return [self._train, self._eval, *self._by_step.values()]

    def _files(self):
        paths = [
            path
            for part in ("train", "eval")
            for path in sorted((self._folder / part).rglob("events.out.tfevents.*"))
        ]
        return {str(path.relative_to(self._folder)): path for path in paths}

    def _cut(self, position):
        """Removes events after `position`; returns lines about unreadable files."""
        problems = []
        with writing(self._folder):
            files = self._files()
            for name, path in files.items():
                if name not in position:
                    path.unlink()
                elif path.stat().st_size > position[name]:
                    os.truncate(path, position[name])
        for name in position:
            try:
                for _ in tf.data.TFRecordDataset(str(self._folder / name)):
                    pass
                if files[name].stat().st_size < position[name]:
                    problems.append(f"{self._folder / name} is truncated")
            except (tf.errors.OpError, KeyError):
                problems.append(f"{self._folder / name} is missing or damaged")
        return [f"{problem}: TensorBoard will not show all curves" for problem in problems]

    def train(self, scalars, step):
        """Records training scalars, means since the last record."""
        _scalars(self._train, scalars, step)

    def score_by_step(self, name, scores, step):
        """Records the score after every inference step as one chart.

        Args:
          name: of the chart, that of the metric.
          scores: of y(0), y(1), ..., y(T), the refined output.
          step: of training.
        """
        last = len(scores) - 1
        shown = {"refined": last} | {f"step_{number}": number for number in shown_steps(last)}
        for part, number in shown.items():
            if part not in self._by_step:
                folder = self._folder / "eval" / part
                with writing(self._folder):
                    self._by_step[part] = tf.summary.create_file_writer(str(folder))
            _scalars(self._by_step[part], {name: scores[number]}, step)

    def pictures(self, figures, step, files=False):
        """Records Matplotlib figures by name as images, and with `files` writes NAME.png into the
        workdir."""
        import matplotlib.pyplot as plt

        for name, figure in figures.items():
            png = io.BytesIO()
            figure.savefig(png, format="png", dpi=120, bbox_inches="tight")
            plt.close(figure)
            if files:
                write(self._folder / f"{name}.png", png.getvalue())
            with self._eval.as_default():
                tf.summary.image(name, tf.image.decode_png(png.getvalue(), channels=4)[None], step)

    def close(self):
        """Flushes and closes the event files."""
        with writing(self._folder):
            for writer in self._writers():
                writer.close()


def shown_steps(last):
    """The inference steps before the `last` one that have a curve: all, or 0, 1, 2, 4, 8, ..."""
    if last <= SHOWN_STEPS:
        return list(range(last))
    return [0, *(2**k for k in range(SHOWN_STEPS - 1) if 2**k < last)]


def hyper_parameters(config):
    """The bindings of an operative configuration that are numbers, truth values or names:
    {"ALEN.beta_v": 2.0}."""
    found = {}
    config = re.sub(r" ?\\?\n +", " ", config)  # gin breaks long lines
    for name, text in re.findall(r"^([\w./]+) = (.+)$", config, flags=re.MULTILINE):
        if text in ("True", "False"):
            found[name] = text == "True"
        elif re.fullmatch(r"[-+.\deE]+", text):
            found[name] = float(text)
        elif text != "None":
            found[name] = text.strip("'\"")
    return found


def score_by_step(curves, metric):
    """A figure of the score after every inference step; `curves` maps a split's name to its
    scores."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(5, 3.4), layout="constrained")
    for name, curve in curves.items():
        axes.plot(range(len(curve)), curve, marker="o", markersize=3, label=name)
    axes.set(xlabel="inference step", ylabel=metric.replace("_", " "))
    axes.grid(alpha=0.3)
    axes.legend()
    return figure


def _scalars(writer, scalars, step):
    with writer.as_default():
        for name, value in scalars.items():
            # NumPy numbers, because TensorFlow caches every Python number that it converts,
            # forever.
            tf.summary.scalar(name, np.float32(value), np.int64(step))
