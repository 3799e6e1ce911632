"""ALEN as an estimator in scikit-learn's style for images: a class for every pixel."""

import functools

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from alen_tf.datasets.augmentation import ImageAugmentation
from alen_tf.datasets.readers import image_arrays, masks
from alen_tf.datasets.readers.resized import enlarged, examples, outputs
from alen_tf.datasets.splits import Splits, training_and_validation
from alen_tf.errors import check_count, value_errors
from alen_tf.inference.ascent import GradientAscent
from alen_tf.inference.test_time_augmentation import TestTimeAugmentation
from alen_tf.models.alen import ALEN
from alen_tf.models.optimizers import adam
from alen_tf.models.starts import TrainingStarts
from alen_tf.networks.unet import UNet, UNetEnergy
from alen_tf.objectives import metrics, oracles
from alen_tf.serving import saved_estimator, saved_model, segmenter_card
from alen_tf.tasks.segmentation import ClassSegmentation, Segmentation
from alen_tf.training import in_memory


class ALENSegmenter(BaseEstimator):
    """Segments photographs: a U-Net proposes masks, and a few steps of gradient ascent on a learned
    energy refine them.

    Trains the `ALEN` of `gin/own/segmentation.gin`. Networks see photographs at `size`; masks have
    the sizes of the photographs, which may differ. Some photographs are held out to choose the
    epoch and, for two classes, the threshold.

    Attributes:
      classes_: the values of masks, sorted.
      threshold_: for two classes, the relaxed output at which a pixel gets the second one.
      validation_scores_: mean IoU on the held-out photographs at every evaluation.
      held_out_scores_: the score of the chosen epoch, "plain" at 0.5 and "tuned" at `threshold_`.
      n_samples_seen_: the number of photographs passed to `fit`.
    """

    def __init__(
        self,
        *,
        size=128,
        stride=4,
        ignored=None,
        filters=(32, 64, 128),
        context_filters=(16, 32, 64),
        steps=10,
        step_size=0.03125,
        mirror=True,
        epochs=150,
        batch_size=8,
        evaluate_every=10,
        validation_fraction=0.2,
        random_state=None,
        verbose=0,
    ):
        """Stores hyper-parameters.

        Args:
          size: height and width at which networks see photographs, or (height, width).
          stride: of `UNet` and `UNetEnergy`; `size` is a multiple of it. A fit takes about as long
            at 128 with 4 as at 32 with 1, and edges are finer.
          ignored: the mask value of pixels that do not count, such as 255; None for none.
          filters, context_filters: of `UNet` and `UNetEnergy`.
          steps, step_size: of the ascent in predictions; the step size is per pixel.
          mirror: whether mirror images of photographs are equally likely.
          epochs: passes over the photographs.
          batch_size: photographs per training step.
          evaluate_every: epochs between evaluations on the held-out photographs.
          validation_fraction: share of the photographs to hold out.
          random_state: seed or `RandomState` for held-out photographs, initial weights and order.
          verbose: print the validation score every this many epochs; 0 for silence.
        """
        self.size = size
        self.stride = stride
        self.ignored = ignored
        self.filters = filters
        self.context_filters = context_filters
        self.steps = steps
        self.step_size = step_size
        self.mirror = mirror
        self.epochs = epochs
        self.batch_size = batch_size
        self.evaluate_every = evaluate_every
        self.validation_fraction = validation_fraction
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X, y):  # noqa: N803
        """Trains on photographs and their masks.

        Args:
          X: uint8 [images, height, width, 3], or [images, height, width] in grey; or a list of
            images of several sizes.
          y: masks of whole numbers, [images, height, width] or a list, of the sizes of `X`.

        Raises:
          ValueError: a setting is out of its range, or arrays do not fit. The result of an earlier
            fit is kept.
        """
        with value_errors():
            return self._fit(X, y)

    def _fit(self, X, y):  # noqa: N803
        for name in ("epochs", "batch_size", "evaluate_every"):
            check_count(name, getattr(self, name))
        photographs = image_arrays.read_photographs(X)
        classes = image_arrays.read_classes(y, self.ignored)
        numbers = image_arrays.read_masks(y, photographs, classes, self.ignored)
        names = tuple(map(str, classes[-1:] if len(classes) == 2 else classes))
        seed = in_memory.seed_of(self.random_state)
        image_arrays.check_known(numbers)
        found = examples(image_arrays.inputs(photographs, self._size()), numbers, names)
        train, validation = training_and_validation(
            found, self.validation_fraction, seed, noun="image"
        )
        trained, scores, held_out = in_memory.train(
            task=self._task(len(classes)),
            splits=Splits("own", train, validation, validation, names),
            epochs=self.epochs,
            batch_size=self.batch_size,
            seed=seed,
            select_after=0.8,
            verbose=int(self.verbose),
            average=True,
            evaluate_every=self.evaluate_every,
            model=self._model,
            energy_optimizer=functools.partial(adam, beta_1=0.9, weight_decay=1e-2),
            inference_optimizer=functools.partial(
                adam, learning_rate=2e-3, beta_1=0.9, weight_decay=1e-2
            ),
        )
        self._trained, self.classes_, self.validation_scores_ = trained, classes, scores
        self.held_out_scores_, self.n_samples_seen_ = held_out, len(photographs)
        self.threshold_ = trained.signature.threshold
        return self

    def _size(self):
        size = tuple(self.size) if isinstance(self.size, tuple | list) else (self.size, self.size)
        for side in size:
            check_count("size", side)
        return size

    def _task(self, classes):
        kind = Segmentation if classes == 2 else ClassSegmentation
        return kind(
            dataset=None,
            oracle=oracles.soft_pixel_accuracy,
            augmentation=ImageAugmentation(
                mirror=self.mirror, shift=0.12, rotation=12.0, zoom=0.15, colour=0.2
            ),
            test_time_augmentation=TestTimeAugmentation(mirror=self.mirror),
        )

    def _model(self, **task):
        return ALEN(
            UNetEnergy(self.filters, self.context_filters, stride=self.stride),
            UNet(filters=self.filters, stride=self.stride),
            refinement=GradientAscent(2, 0.09375, norm="rms"),
            prediction=GradientAscent(self.steps, self.step_size, norm="rms"),
            lambda_v=0.3,
            beta_v=10.0,
            lambda_g=10.0,
            regression_loss="cross_entropy",
            starts=TrainingStarts(
                zero_init_fraction=0.125, interpolate_fraction=0.625, discretize=True
            ),
            random_iterate=True,
            **task,
        )

    def predict(self, X, known=None, *, steps=None):  # noqa: N803
        """Masks of `classes_`: [images, height, width], or a list if `X` is one.

        Args:
          X: as in `fit`.
          known: pixels whose class is known, which are kept and around which the others are
            refined: masks of the sizes of `X`, with NaN where nothing is known.
          steps: number of refinement steps; as fitted by default, 0 for the U-Net alone.
        """
        with value_errors():
            photographs, numbers, prediction = self._predicted(X, known, steps)
        found = self._enlarged(photographs, prediction)
        if numbers is not None:
            pairs = zip(numbers, found, strict=True)
            found = [np.where(given == masks.UNKNOWN, mask, given) for given, mask in pairs]
        found = [self.classes_[mask] for mask in found]
        return found if isinstance(X, list) else np.stack(found)

    def _enlarged(self, photographs, prediction):
        """The number of the class of every pixel of each photograph, uint8 [height, width]."""
        return [
            enlarged(relaxed, photograph.size[::-1], self.threshold_)
            for photograph, relaxed in zip(photographs, prediction.relaxed, strict=True)
        ]

    def refine(self, X, known=None, *, steps=None):  # noqa: N803
        """Relaxed outputs at the end of refinement, at the size that models see: [images, height,
        width, 1 or classes]; for two classes, the degree to which a pixel has the second one.
        Arguments as in `predict`."""
        with value_errors():
            return self._predicted(X, known, steps)[-1].relaxed

    def confidence(self, X, known=None):  # noqa: N803
        """The share of pixels that the energy expects to be correct, [images]."""
        with value_errors():
            return self._predicted(X, known)[-1].confidence

    def score(self, X, y):  # noqa: N803
        """Mean IoU of `predict(X)` at full size, over counted pixels: for two classes, the IoU of
        the second one, else its mean over classes."""
        with value_errors():
            photographs, _, prediction = self._predicted(X)
            truths = image_arrays.read_masks(y, photographs, self.classes_, self.ignored)
        values = np.arange(len(self.classes_))
        values = values[1:] if len(values) == 2 else values
        scores = []
        for found, truth in zip(self._enlarged(photographs, prediction), truths, strict=True):
            counts = (truth != masks.UNKNOWN)[..., None]
            pair = ((mask[..., None] == values) & counts for mask in (found, truth))
            scores.append(metrics.mean_iou(*(each[None] for each in pair)))
        return float(np.mean(scores))

    def _predicted(self, X, known=None, steps=None):  # noqa: N803
        """Photographs, the known classes of their pixels or None, and the `Prediction`."""
        check_is_fitted(self)
        photographs, numbers, values = image_arrays.read_photographs(X), None, None
        signature = self._trained.signature
        size = signature.input_shape[:2]
        if known is not None:
            numbers = image_arrays.read_masks(known, photographs, self.classes_, name="known")
            values = np.stack([outputs(each, signature.label_names, size) for each in numbers])
        x = image_arrays.inputs(photographs, size)
        return photographs, numbers, self._trained(x, steps, values)

    def save(self, path):
        """Saves the estimator for `load`, without pickles: a folder, or a ZIP archive where
        `path` ends in .zip.

        Raises:
          ValueError: `path` exists already, or cannot be written.
        """
        check_is_fitted(self)
        with value_errors():
            saved_estimator.save(self, path, self._trained)

    @classmethod
    def load(cls, path):
        """The estimator that `save` saved.

        Raises:
          ValueError: no estimator is saved at `path`, or it is damaged.
        """
        with value_errors():
            parameters, fitted, trained = saved_estimator.load(path, cls)
        tuples = {k: tuple(v) if isinstance(v, list) else v for k, v in parameters.items()}
        model = cls(**tuples)
        vars(model).update(fitted)
        model._trained = trained
        return model

    def export(self, path):
        """Writes a SavedModel with the refinement inside, of images at `size`; see
        docs/serving.md.

        Raises:
          ValueError: `path` exists already, or cannot be written.
        """
        check_is_fitted(self)
        with value_errors():
            saved_model.save(self._trained, path, self.model_card())

    def model_card(self):
        """A Markdown card of model, scores and unsuitable uses, which `save` and `export` write."""
        check_is_fitted(self)
        return segmenter_card.of(self)

    def __sklearn_is_fitted__(self):
        return hasattr(self, "_trained")
