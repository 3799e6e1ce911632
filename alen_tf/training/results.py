"""`results.json`: what a run was, and what it reached."""

import platform
import shlex
import sys

import tensorflow as tf

import alen_tf


def of(splits, learner, scores, seed, epochs, best_epoch, test_curve, examples, seconds):
    """The content of `results.json`, from which tables are made.

    Args:
      splits: the `Splits` that the run saw.
      learner: its `Learner`.
      scores: {split: scores}, see `calibration.evaluate_and_judge`.
      seed, epochs: of the run.
      best_epoch: whose model was evaluated.
      test_curve: {epoch: test score}, empty where none was asked for.
      examples: how many were learned from, each as often as it was.
      seconds: of training.
    """
    return {
        "dataset": splits.name,
        **splits.facts,
        "method": learner.name,
        "seed": seed,
        **scores,
        "inference_steps": len(scores["validation"]["by_step"]) - 1,
        "epochs": epochs,
        "best_epoch": best_epoch,
        **({"test_curve": test_curve} if test_curve else {}),
        "train_seconds": round(seconds, 2),
        "examples_per_second": round(examples / seconds, 1),
        "parameters": {
            name: int(network.count_params()) for name, network in learner.networks.items()
        },
        "command": shlex.join(["python", "-m", "alen_tf.train", *sys.argv[1:]]),
        "versions": {
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "alen_tf": alen_tf.__version__,
        },
    }
