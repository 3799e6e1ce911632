"""ALEN as a scikit-learn estimator for multi-label classification."""

import warnings

import numpy as np
import tensorflow as tf
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import check_is_fitted, validate_data

from alen_tf.cross_fitting.cross_fitted import CrossFitted
from alen_tf.cross_fitting.out_of_fold import rows_of
from alen_tf.datasets.readers import arrays as arguments
from alen_tf.datasets.readers import label_sets
from alen_tf.datasets.splits import Examples
from alen_tf.errors import ConfigError, check_count, shortened, value_errors
from alen_tf.evaluation import decoded
from alen_tf.evaluation.selective import expected_calibration_error
from alen_tf.evaluation.signature import Signature
from alen_tf.networks.mlp import MLPEnergy
from alen_tf.objectives import metrics
from alen_tf.serving import estimator_card, saved_estimator, saved_model
from alen_tf.serving.explanation import explain
from alen_tf.sparse_rows import as_array, compact, dense_rows
from alen_tf.training import in_memory
from alen_tf.training.joint import Joint


class ALENClassifier(ClassifierMixin, BaseEstimator):
    """Multi-label classifier that refines label sets by gradient ascent on a learned energy.

    By default, classifiers are stacked, and an energy learns from their out-of-fold predictions, so
    it knows the errors that they make on rows they have not seen. Label sets are then decoded by
    refinement, by expected F1, or at a threshold, whichever scores best on held-out rows. See
    `alen_tf.cross_fitting`.

    With `estimator=None`, `fit` trains the `ALEN` of Algorithm 1 of the paper, as set up in
    `gin/own/multilabel_joint.gin`. A part of the rows is held out to choose the epoch and the
    decision threshold.

    The command line trains the same models (the default: `gin/own/multilabel.gin`): the same rows
    in the same order, the same parameters and the same seed give the same model.

    Attributes:
      classes_: the labels, [labels]: sorted if `y` holds sets, the columns if it is a data frame,
        otherwise 0, 1, ...
      label_names_: the labels as strings.
      threshold_: a row has the labels whose relaxed output, or calibrated marginal, is at least
        this.
      classifier_losses_: the out-of-fold cross entropy of each calibrated classifier, and of the
        "stack" of them all, summed over labels.
      decoding_: how marginals become label sets: "refined", "expected_f1" or "threshold".
      decoding_scores_: the F1 of each decoding on held-out rows.
      marginals_: out-of-fold marginals of the training rows, [rows, labels].
      calibration_error_: the expected calibration error of `marginals_`.
      validation_scores_: joint training: example-averaged F1 on the held-out rows after each epoch.
      held_out_scores_: joint training: the scores of the chosen epoch, "plain" at 0.5 and "tuned"
        at `threshold_`.
      n_iter_: joint training: the number of epochs.
      n_samples_seen_: the number of rows fitted, excluding those of weight 0.
      label_counts_: the number of these rows that have each label, [labels].
      n_features_in_: the number of features.
      feature_names_in_: the names of features, if `X` was a data frame.
    """

    def __init__(
        self,
        *,
        estimator="auto",
        folds=5,
        decoding="auto",
        energy=None,
        inference_network=None,
        hidden_units=300,
        energy_hidden_units=50,
        global_units=16,
        dropout=0.5,
        l2=0.03,
        energy_l2=0.1,
        learning_rate=1e-3,
        energy_learning_rate=1e-3,
        lambda_g=1.0,
        beta_v=4.0,
        steps=3,
        step_size=0.1,
        known_fraction=None,
        epochs=60,
        batch_size=20,
        validation_fraction=0.2,
        select_after=0.8,
        early_stopping=False,
        patience=20,
        warm_start=False,
        random_state=None,
        verbose=0,
    ):
        """Stores hyper-parameters. Those from `energy` to `warm_start` concern joint training only.

        Args:
          estimator: the source of marginals. "auto" for a stack of a linear classifier, trees, and
            a network. Or a classifier with `predict_proba` for several labels, such as a forest or
            a `OneVsRestClassifier`, which gets X as it is; or a `keras.Model` with a logit per
            label (copies are trained); or a list of these, which a logistic regression per label
            weighs. None for a network trained jointly with the energy, as in the paper.
          folds: number of folds for out-of-fold marginals, at least 2.
          decoding: "auto", or one of `decoding_`.
          energy: a function of the numbers of features and labels that makes the energy network, a
            `keras.Model` of [x, y] with a score per row; by default an `MLPEnergy` of
            `energy_hidden_units`, `global_units` and `energy_l2`.
          inference_network: likewise, the `keras.Model` of x with a logit per label; by default an
            `MLP` of `hidden_units`, `dropout` and `l2`. Both get standardised features.
          hidden_units: width of the hidden layer of the inference network.
          energy_hidden_units: width of the hidden layer of the energy network.
          global_units: units of the energy network that look at all labels together.
          dropout: share of the inference network's hidden units that is dropped in training.
          l2: weight of the inference network's weight penalty.
          energy_l2: weight of the energy network's weight penalty.
          learning_rate: initial rate of the inference network; it falls along a half cosine.
          energy_learning_rate: of the energy network, likewise.
          lambda_g: weight of the adversarial term (Eq. 11).
          beta_v: weight of the refined output in the energy's loss (Eq. 6).
          steps: number of refinement steps, in training and prediction.
          step_size: Euclidean length of a refinement step.
          known_fraction: what is known of label sets in training, so that networks learn to use
            what is known in prediction: a share of the labels of each row, a pair between which
            shares are drawn uniformly, or None; see `ALEN`. A cross-fitted model needs none: its
            conditionals always learn with labels known at random.
          epochs: passes over the training rows.
          batch_size: rows per training step.
          validation_fraction: share of rows held out to choose epoch and threshold.
          select_after: fraction of the run before which no epoch is chosen: until then the learning
            rates have not annealed, and the best of many scores on few rows is down to chance.
          early_stopping: stop after `patience` epochs in a row without a better validation score,
            and choose among all epochs.
          patience: see `early_stopping`.
          warm_start: whether joint training starts at the weights of the last fit, on the same
            features and labels.
          random_state: seed or `RandomState` of initial weights, held-out rows and their order.
          verbose: print the validation score every this many epochs of joint training, and
            with any number but 0 the losses of classifiers and the scores of decodings; False or 0
            for silence.
        """
        self.estimator = estimator
        self.folds = folds
        self.decoding = decoding
        self.energy = energy
        self.inference_network = inference_network
        self.hidden_units = hidden_units
        self.energy_hidden_units = energy_hidden_units
        self.global_units = global_units
        self.dropout = dropout
        self.l2 = l2
        self.energy_l2 = energy_l2
        self.learning_rate = learning_rate
        self.energy_learning_rate = energy_learning_rate
        self.lambda_g = lambda_g
        self.beta_v = beta_v
        self.steps = steps
        self.step_size = step_size
        self.known_fraction = known_fraction
        self.epochs = epochs
        self.batch_size = batch_size
        self.validation_fraction = validation_fraction
        self.select_after = select_after
        self.early_stopping = early_stopping
        self.patience = patience
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X, y, sample_weight=None):  # noqa: N803
        """Trains on rows `X` with label sets `y`.

        Args:
          X: [rows, features], dense, data frame, SciPy matrix or `tf.SparseTensor`; finite numbers.
            With your own `estimator`, any `X` that it accepts.
          y: label sets, as a binary indicator [rows, labels], dense, data frame or scipy-sparse,
            or as a list of sets or lists of strings or numbers. Lists of numbers that all have
            the same length are an indicator. A row may have no label. A label that no row has
            causes a warning and is never predicted. NaN in an indicator marks a missing label,
            which counts neither in training nor in scores.
          sample_weight: of each row, [rows], at least 0; only proportions matter, and rows of
            weight 0 are left out. Classifiers must accept weights; transformers do not get them.

        Returns:
          The estimator.

        Raises:
          ValueError: `X` or `y` is not such a matrix, a parameter is out of its range, or training
            diverges. The result of an earlier fit is kept.
        """
        before = dict(vars(self))
        try:
            with value_errors():
                self._fit(X, y, sample_weight)
        except BaseException:
            vars(self).clear()
            vars(self).update(before)
            raise
        return self

    def _fit(self, X, y, sample_weight):  # noqa: N803
        start = self._start()
        for name in [name for name in vars(self) if name.endswith("_")]:
            delattr(self, name)  # of an earlier fit, perhaps of the other kind
        self._fitted = self.estimator  # what takes X, whatever the parameter is set to later
        X, Y = self._validated(X, y)  # noqa: N806
        weight = arguments.weights(sample_weight, len(Y))
        if not weight.all():
            kept = np.flatnonzero(weight)
            X, Y, weight = rows_of(X, kept), Y[kept], weight[kept]  # noqa: N806
        weight = weight / weight.mean() if np.ptp(weight) else None
        if not isinstance(self.verbose, bool):
            check_count("verbose", self.verbose, least=0)
        if len(unknown := np.flatnonzero(np.isnan(Y).all(axis=0))):
            name = self.label_names_[unknown[0]]
            raise ValueError(f"Y: the label {name!r} is missing in every row: leave it out")
        if never := [self.label_names_[label] for label in np.flatnonzero(~(Y == 1).any(axis=0))]:
            message = f"Y: no row has the label {shortened(never)}: nothing can be learned about it"
            warnings.warn(message, stacklevel=3)
        self.n_samples_seen_, self.label_counts_ = len(Y), (Y == 1).sum(axis=0)
        seed = in_memory.seed_of(self.random_state)
        if self.estimator is None:
            self._model = self._train(X, Y, weight, seed, start)
        else:
            self._model = self._cross_fit(X, Y, weight, seed)

    def _start(self):
        """The `TrainedModel` whose weights the next fit starts at, or None."""
        if not self.warm_start:
            return None
        if self.estimator is not None:
            raise ConfigError("warm_start needs joint training: ALENClassifier(estimator=None)")
        fitted = hasattr(self, "_model") and self._fitted is None
        return self._model.trained if fitted else None

    def _cross_fit(self, X, Y, weight, seed):  # noqa: N803
        model = CrossFitted.of(self, X, Y, weight, seed)
        self._signature = Signature((), Y.shape[1:], self.label_names_, expected="F1")
        self.classifier_losses_ = model.losses
        self.decoding_, self.decoding_scores_ = model.refined.decoding, model.refined.scores
        self.marginals_, self.threshold_ = model.marginals, model.refined.threshold
        known = ~np.isnan(Y)
        self.calibration_error_ = expected_calibration_error(model.marginals[known], Y[known])
        return model

    def _train(self, X, Y, weight, seed, start):  # noqa: N803
        examples = Examples(X, Y, weight=weight)
        model, self.validation_scores_, self.held_out_scores_ = Joint.of(
            self, examples, self.label_names_, seed, start
        )
        self._signature = model.trained.signature
        self.n_iter_, self.threshold_ = len(self.validation_scores_), self._signature.threshold
        return model

    def predict(self, X, known=None, *, threshold=None, top=None):  # noqa: N803
        """Label sets, binary indicator [rows, labels].

        Args:
          X: [rows, features].
          known: known labels, which are kept and around which the others are refined: [rows,
            labels] with 0, 1 and NaN for unknown, or a data frame of some of the labels.
          threshold: instead of refinement, the value of `predict_proba` at which a row gets a
            label: one for all labels, or [labels].
          top: instead of refinement, the number of labels per row: those with the highest values.
        """
        if threshold is not None and top is not None:
            raise ValueError("predict takes a threshold or top, not both")
        check_is_fitted(self)
        if threshold is None and top is None:
            return self._model.labels(*self._asked(X, known)).astype(np.int64)
        values = self.predict_proba(X, known)
        with value_errors():
            return decoded.at(values, threshold) if top is None else decoded.top(values, top)

    def label_sets(self, X, known=None, *, threshold=None, top=None):  # noqa: N803
        """The label sets of `predict`, as a list of tuples of `classes_`; same arguments."""
        found = self.predict(X, known, threshold=threshold, top=top)
        return [tuple(self.classes_[row == 1].tolist()) for row in found]

    def predict_proba(self, X, known=None):  # noqa: N803
        """Calibrated marginals P(y_i = 1 | x), [rows, labels].

        After joint training they are the relaxed outputs of `refine`, which are not probabilities;
        a row has the labels whose output is at least `threshold_`.
        """
        check_is_fitted(self)
        return self._model.probabilities(*self._asked(X, known))

    def refine(self, X, known=None):  # noqa: N803
        """Relaxed outputs at the end of refinement, in [0, 1], [rows, labels]: degrees of
        membership in one label set."""
        check_is_fitted(self)
        return self._model.relaxed(*self._asked(X, known))

    def confidence(self, X, known=None):  # noqa: N803
        """The expected F1 of the predicted label sets, [rows]; after joint training v(x, y)."""
        check_is_fitted(self)
        return self._model.confidence(*self._asked(X, known))

    def suggest(self, X, known=None, candidates=20):  # noqa: N803
        """Which label to ask for next: how much knowing each label should raise the expected F1 of
        the predicted label set, [rows, labels]; NaN for known labels, and for all but the
        `candidates` least certain ones.

        Raises:
          ValueError: the model was trained jointly, without a distribution over labels.
        """
        check_is_fitted(self)
        if self._fitted is None:
            raise ValueError("suggest needs cross-fitting, not ALENClassifier(estimator=None)")
        with value_errors():
            check_count("candidates", candidates)
        return self._model.gains(*self._asked(X, known), candidates)

    def score(self, X, y, sample_weight=None):  # noqa: N803
        """Example-averaged F1 of `predict(X)`, not the subset accuracy of other classifiers; `y` as
        in `fit`. A label that only `y` has counts as missed."""
        found = self.predict(X)
        Y = label_sets.read_true(y, self.classes_)  # noqa: N806
        if label_sets.are_sets(y):  # perhaps with labels that are never predicted
            found = np.pad(found, ((0, 0), (0, Y.shape[1] - found.shape[1])))
        if found.shape != Y.shape:
            raise ValueError(f"Y has shape {Y.shape}, but predictions have shape {found.shape}")
        return float(np.average(metrics.f1_of_examples(found, Y), weights=sample_weight))

    def explain(self, X, known=None):  # noqa: N803
        """An `Explanation` of the predicted label set of each row: energy terms and label pairs.

        Raises:
          ValueError: the model was not trained jointly, or has another energy: only `MLPEnergy` has
            such terms.
        """
        check_is_fitted(self)
        trained = self._trained("explain needs joint training: ALENClassifier(estimator=None)")
        if not isinstance(trained.model.energy, MLPEnergy):
            kind = type(trained.model.energy).__name__
            raise ValueError(f"explain needs the terms of an MLPEnergy, but the energy is {kind}")
        rows, known = self._asked(X, known)
        labels = self._model.labels(rows, known)
        known = [None] * rows.shape[0] if known is None else known
        dense = (dense_rows(rows[[row]])[0] for row in range(rows.shape[0]))
        return [explain(trained, *row) for row in zip(dense, labels, known, strict=True)]

    def save(self, path):
        """Saves the estimator so that `load` can restore it.

        After joint training the files are JSON and a Keras model. For a function among the
        parameters, only the name is kept: set it again before another fit. After cross-fitting the
        estimator is pickled by joblib: load it only from people you trust, and with the versions of
        scikit-learn and Keras that it was saved with.

        Args:
          path: folder to make, or a ZIP archive where its name ends in .zip.

        Raises:
          ValueError: `path` exists already, or cannot be written.
        """
        check_is_fitted(self)
        with value_errors():
            saved_estimator.save(self, path, None if self._fitted is not None else self._trained())

    @classmethod
    def load(cls, path):
        """The estimator that `save` saved. Loading a pickle runs the code in it; see `save`.

        Raises:
          ValueError: no estimator is saved at `path`, or it is damaged.
        """
        with value_errors():
            saved = saved_estimator.load(path, cls)
            if isinstance(saved, cls):
                return saved
            parameters, fitted, trained = saved
            model = cls(**parameters)
        vars(model).update(fitted)
        model._fitted, model._model, model._signature = None, Joint(trained), trained.signature
        return model

    def export(self, path):
        """Writes a SavedModel with the refinement inside, as `python -m alen_tf.export` does: see
        docs/serving.md.

        Args:
          path: folder to make, such as models/scene/1.

        Raises:
          ValueError: there was no joint training, or `path` exists already or cannot be written.
        """
        check_is_fitted(self)
        trained = self._trained(
            "export needs joint training, ALENClassifier(estimator=None): a SavedModel cannot hold "
            "the classifiers of this model; save keeps them"
        )
        with value_errors():
            saved_model.save(trained, path, self.model_card())

    def model_card(self):
        """The model card, in Markdown: what the model is, how it scores, and what it is not for.
        `save` and `export` write it."""
        check_is_fitted(self)
        return estimator_card.of(self, getattr(self, "n_features_in_", None))

    def _trained(self, message=""):
        """The `TrainedModel` of joint training; without it, raises `message` as an error."""
        if self._fitted is not None:
            raise ValueError(message)
        return self._model.trained

    def _asked(self, X, known):  # noqa: N803
        """Rows as the model takes them, and known labels as an array or None."""
        rows = self._inputs(X)
        with value_errors():
            known = arguments.known_labels(known, self._signature)
            if known is not None:
                count = rows.shape[0] if hasattr(rows, "shape") else len(rows)
                self._signature.check_known(known, count, "known")
        return rows, known

    def _inputs(self, X, reset=False):  # noqa: N803
        """`X` as the model takes it: a float32 array or CSR matrix, for a user's estimator as it
        is; a `tf.SparseTensor` as a CSR matrix."""
        if isinstance(X, tf.SparseTensor):
            X = as_array(X)  # noqa: N806
        if self._fitted is not None and not isinstance(self._fitted, str):
            return X
        options = {"accept_sparse": "csr", "dtype": np.float32, "ensure_all_finite": False}
        X = validate_data(self, X, reset=reset, **options)  # noqa: N806
        arguments.finite(X)
        return compact(X) if self._fitted is None else X

    def _validated(self, X, Y):  # noqa: N803
        """`X` as the model takes it and `Y` as uint8, dense, whose labels it names."""
        if Y is None:
            raise ValueError("requires y to be passed, but the target y is None")
        X = self._inputs(X, reset=True)  # noqa: N806
        Y, self.classes_ = label_sets.read(Y, missing=True)  # noqa: N806
        self.label_names_ = tuple(map(str, self.classes_))
        check_consistent_length(X, Y)
        return X, Y

    def __sklearn_is_fitted__(self):
        return hasattr(self, "_model")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.single_output = False
        tags.target_tags.multi_output = True
        tags.classifier_tags.multi_class = False
        tags.classifier_tags.multi_label = True
        tags.input_tags.sparse = True
        return tags
