"""What training the copies of a cross-fitted g costs, against training one network."""

import keras

from alen_tf.cross_fitting import network as settings
from alen_tf.models.feed_forward import FeedForward
from alen_tf.networks.members import Members
from alen_tf.networks.mlp import MLP
from alen_tf.networks.standardization import Standardization
from alen_tf.training.loop import Batches
from experiments.benchmark import timing
from experiments.benchmark.workloads import BIBTEX, Shape, Stepping

FOLDS = 5
# Bibtex's shapes, and a set as small as emotions or yeast.
SHAPES = {"Bibtex": BIBTEX, "100 features, 14 labels": Shape((100,), (14,), 30, 4)}


class Training:
    """A `FeedForward` as cross-fitting trains it, in place of a `Workload`."""

    def __init__(self, shape, folds, count):
        """Makes the model, of one network where `folds` is None, and `count` batches."""
        size = settings.BATCH[True]
        examples = shape.examples(count * size)
        fold = None if folds is None else [row % folds for row in range(len(examples))]
        keras.utils.set_random_seed(0)
        one = MLP(hidden_units=300, dropout=0.5, input_dropout=0.2)
        network = one if folds is None else Members(one, folds)
        self.model = FeedForward(network, preprocessing=Standardization(), seed=0)
        self.model.build(examples.x.shape, examples.y.shape)
        self.model.preprocessing.adapt(examples.x)
        self.model.compile(
            inference_optimizer=keras.optimizers.AdamW(1e-3, weight_decay=settings.WEIGHT_DECAY)
        )
        self.batches = Batches(examples, size, seed=0, fold=fold)


def measure(shape, count, repetitions):
    """Times of a step of one network, and of all that cross-fitting trains at once: a copy per fold
    and a network on all rows; as `timing.against_first` gives them."""
    candidates = {
        f"{name}{by}": Stepping(Training(shape, folds, count), jit_compile=jit).function(count)
        for name, folds in (("one network", None), (f"{FOLDS} copies and the network", FOLDS))
        for by, jit in (("", False), (", compiled by XLA", True))
    }
    found = timing.turns(candidates, repetitions)
    return timing.against_first(
        {name: [each / count for each in seconds] for name, seconds in found.items()}
    )
