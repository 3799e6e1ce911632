"""Structured prediction with adversarial localized energy networks (Pan et al., AAAI 2020)."""

import importlib

__version__ = "0.1.0"
__all__ = ["ALENClassifier"]


def __getattr__(name):
    """Imports the estimator, and with it TensorFlow, when it is first asked for."""
    if name == "ALENClassifier":
        return importlib.import_module("alen_tf.estimator").ALENClassifier
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
