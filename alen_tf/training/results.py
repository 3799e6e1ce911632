"""`results.json`: the settings of a run, and its scores."""

import platform
import shlex
import sys

import tensorflow as tf

import alen_tf


def of(splits, model, scores, seed, epochs, best_epoch, test_curve, examples, seconds):
    """The content of `results.json`, from which tables are made.

    Args:
      splits: the `Splits` that the run saw.
      model: its `StructuredModel`.
      scores: of splits, and the number of inference steps, see `calibration.evaluate_and_judge`.
      seed, epochs: of the run.
      best_epoch: the epoch whose model was evaluated.
      test_curve: {epoch: test score}, empty if not requested.
      examples: number of training examples, counted each time they were used.
      seconds: of training.
    """
    return {
        "dataset": splits.name,
        **splits.metadata,
        "method": model.name,
        "seed": seed,
        **scores,
        "epochs": epochs,
        "best_epoch": best_epoch,
        **({"test_curve": test_curve} if test_curve else {}),
        "train_seconds": round(seconds, 2),
        "examples_per_second": round(examples / seconds, 1),
        "parameters": {name: int(getattr(model, name).count_params()) for name in model.networks},
        **made_by(),
    }


def made_by():
    """The command and the versions that made a result."""
    return {
        "command": shlex.join(["python", "-m", "alen_tf.train", *sys.argv[1:]]),
        "versions": {
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "alen_tf": alen_tf.__version__,
        },
    }
