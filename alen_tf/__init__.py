"""Structured prediction with adversarial localized energy networks (Pan et al., AAAI 2020)."""

import importlib

__version__ = "0.2.0"
# Where each public name is defined. Its module, and with it TensorFlow, is imported on first use.
_HOMES = {
    "ALEN": "models.alen",
    "DVN": "models.dvn",
    "SPEN": "models.spen",
    "SPENEndToEnd": "models.spen_e2e",
    "SPENInfNet": "models.spen_infnet",
    "MinMax": "models.min_max",
    "MaskedLikelihood": "models.masked_likelihood",
    "FeedForward": "models.feed_forward",
    "TrainingStarts": "models.starts",
    "Clicks": "models.known_outputs",
    "KnownAtRandom": "models.known_outputs",
    "GradientAscent": "inference.ascent",
    "MirrorAscent": "inference.mirror",
    "TestTimeAugmentation": "inference.test_time_augmentation",
    "Standardization": "networks.standardization",
    "ALENClassifier": "estimator",
    "ALENSegmenter": "segmenter",
    "load": "serving.trained",
}
__all__ = list(_HOMES)


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    importlib.import_module(f"{__name__}.startup").start()
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__():
    return [*globals(), *__all__]
