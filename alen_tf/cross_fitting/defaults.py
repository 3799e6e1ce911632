"""The classifiers that stand for g where the user names none."""

from scipy import sparse
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, StandardScaler

from alen_tf.cross_fitting.scaling import is_counts
from alen_tf.networks.mlp import MLP

# Numbers of rows times features that a network, which needs them dense, is given at most, and of
# rows times labels that trees, which keep them in every leaf, are; beyond a smaller number one kind
# of trees has to do.
DENSE, LEAVES, TWO_KINDS = 1e7, 2e7, 1e5
# Leaves of a tree at most, about: more fill the memory and learn single rows.
LARGEST_TREE = 10_000


def classifiers(x, y, seed):
    """Classifiers of several kinds, by name: their errors differ, so that their stack is better
    than any alone.

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
    if x.shape[0] * x.shape[1] <= DENSE:
        made["network"] = MLP(hidden_units=300, dropout=0.5, input_dropout=0.2)
    return made
