"""The default classifiers, which serve as g."""

from scipy import sparse
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, StandardScaler

from alen_tf.networks.mlp import MLP
from alen_tf.networks.standardization import is_counts

# Size limits. A network reads all stored numbers many times, and a step updates the weights of all
# features, so both are limited. Trees keep labels in every leaf, so rows x labels is limited, and
# above a lower limit only one kind of trees is used.
STORED, FEATURES, LEAVES, TWO_KINDS = 1e7, 1e4, 2e7, 1e5
# Approximate limit on the leaves of a tree: more fill memory and memorise single rows.
LARGEST_TREE = 10_000


def classifiers(x, y, seed):
    """Classifiers of several kinds, by name. Their errors differ, so the stack is better than any
    of them.

    Args:
      x: inputs, [rows, features], dense or scipy-sparse.
      y: labels in {0, 1}, [rows, labels].
      seed: of their random draws.
    """
    centred = not sparse.issparse(x)
    scaler, c = (MaxAbsScaler(), 1.0) if is_counts(x) else (StandardScaler(with_mean=centred), 0.01)
    logistic = LogisticRegression(C=c, solver="liblinear", random_state=seed)
    made = {"linear": make_pipeline(scaler, OneVsRestClassifier(logistic))}
    if y.size <= LEAVES:
        leaf = max(2, y.shape[0] // LARGEST_TREE)
        trees = {"n_estimators": 150, "min_samples_leaf": leaf, "n_jobs": -1, "random_state": seed}
        made["trees"] = ExtraTreesClassifier(**trees)
        if y.size <= TWO_KINDS:
            made["forest"] = RandomForestClassifier(**trees)
    few = sparse.issparse(x) and x.nnz <= STORED and x.shape[1] <= FEATURES
    if few or x.shape[0] * x.shape[1] <= STORED:
        made["network"] = MLP(hidden_units=300, dropout=0.5, input_dropout=0.2)
    return made
