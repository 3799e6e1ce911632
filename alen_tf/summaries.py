"""What TensorBoard and the workdir show: scalars, configuration, hyper-parameters, pictures."""

import io
import re

import tensorflow as tf
from tensorboard.plugins.hparams import api as hparams

from alen_tf.workdir import write


class Summaries:
    """Writes TensorBoard events under `train/` and `eval/`, and pictures also as PNG files."""

    def __init__(self, workdir, config):
        """Opens the writers and records the configuration as text and as hyper-parameters."""
        self._folder = workdir.path
        self._train = tf.summary.create_file_writer(str(workdir.path / "train"))
        self._eval = tf.summary.create_file_writer(str(workdir.path / "eval"))
        indented = "\n".join(f"    {line}" for line in config.splitlines())
        with self._eval.as_default():
            tf.summary.text("config", indented, step=0)
            hparams.hparams(hyper_parameters(config), trial_id=str(workdir.path))

    def train(self, scalars, step):
        """Records training scalars, means since the last record."""
        _scalars(self._train, scalars, step)

    def evaluation(self, scalars, step):
        """Records evaluation scalars."""
        _scalars(self._eval, scalars, step)

    def pictures(self, figures, step):
        """Records Matplotlib figures by name as images, and writes NAME.png into the workdir."""
        import matplotlib.pyplot as plt

        for name, figure in figures.items():
            png = io.BytesIO()
            figure.savefig(png, format="png", dpi=120, bbox_inches="tight")
            plt.close(figure)
            write(self._folder / f"{name}.png", png.getvalue())
            with self._eval.as_default():
                tf.summary.image(name, tf.image.decode_png(png.getvalue(), channels=4)[None], step)

    def flush(self):
        """Makes everything recorded so far visible."""
        self._train.flush()
        self._eval.flush()

    def close(self):
        """Flushes and closes the event files."""
        self._train.close()
        self._eval.close()


def hyper_parameters(config):
    """The bindings of an operative configuration that are numbers, truth values or names:
    {"ALEN.beta_v": 2.0}."""
    found = {}
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
            tf.summary.scalar(name, value, step)
