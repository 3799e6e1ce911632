"""Weights of rows for classifiers within classifiers: scikit-learn's metadata routing."""

import functools

import sklearn
from sklearn.base import clone, is_classifier
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.utils.metadata_routing import get_routing_for_object
from sklearn.utils.validation import has_fit_parameter

from alen_tf.errors import DataError


def weighted_fit(classifier, weight):
    """A function of (x, y) that fits a copy of a classifier to rows of these weights, [rows].

    Nested classifiers, such as those in a pipeline or a `OneVsRestClassifier`, get the weights;
    transformers do not.

    Raises:
      DataError: no classifier accepts weights.
    """
    made = clone(classifier)
    with sklearn.config_context(enable_metadata_routing=True):
        for part in (made, *made.get_params().values()):
            if hasattr(part, "set_fit_request") and has_fit_parameter(part, "sample_weight"):
                part.set_fit_request(sample_weight=is_classifier(part))
        if not get_routing_for_object(made).consumes("fit", ["sample_weight"]):
            raise _refused(classifier)
    return functools.partial(_fit, made, weight)


def _fit(classifier, weight, x, y):
    try:
        with sklearn.config_context(enable_metadata_routing=True):
            return classifier.fit(x, y, sample_weight=weight)
    except UnsetMetadataPassedError as error:
        raise _refused(classifier) from error


def _refused(classifier):
    return DataError(
        f"sample_weight: {type(classifier).__name__} accepts no weights; leave out sample_weight, "
        "or use another estimator"
    )
