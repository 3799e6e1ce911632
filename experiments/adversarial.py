"""What the adversarial term of Eq. 7 adds to a cross-fitted g: python -m experiments.adversarial.

Algorithm 1 with `Members` as g: the energy of the paper learns (Eq. 6) from outputs of the member
that has not learned from a row, and refinements of these; each member learns from the rows of the
other folds, by L_task and lambda_g times Eq. 7 (Eq. 11). The term never reaches a member through
rows that it has not learned from, because the energy knows their truth. Test rows are read once for
every lambda_g, and choose none.
"""

import functools

import numpy as np
from absl import app, flags

from experiments import cross_fitted, mulan, runs

flags.adopt_module_key_flags(mulan)  # --sets, --seeds
flags.DEFINE_list("lambda_g", ["0", "1"], "Weights of Eq. 7.")

NAME, SETS, SEEDS = "adversarial", ("emotions", "yeast"), (0, 1, 2)
EPOCHS, STEPS, BATCH = 60, (2000, 4000), 32
MEASURES = (
    "out-of-fold loss of g",
    "g, expected F1",
    "refined",
    "v of refined",
)


def measure(name, lambda_g, seed):
    """Scores by measure: of one set, one weight of Eq. 7 and one seed."""
    import keras
    import tensorflow as tf

    from alen_tf import GradientAscent
    from alen_tf.cross_fitting.calibration import Stacking, logits, sigmoid, stacked_out_of_fold
    from alen_tf.cross_fitting.cross_fitted import cross_entropy
    from alen_tf.cross_fitting.out_of_fold import fold_of_rows
    from alen_tf.datasets.splits import Examples
    from alen_tf.inference import expected_f1
    from alen_tf.inference.batching import Compiled
    from alen_tf.models.starts import TrainingStarts
    from alen_tf.networks.members import Members
    from alen_tf.networks.mlp import MLP, MLPEnergy
    from alen_tf.networks.standardization import Standardization
    from alen_tf.objectives.metrics import f1_of_examples
    from alen_tf.training import in_memory
    from alen_tf.training.loop import Batches, Loop
    from experiments.cross_fitted_alen import CrossFittedALEN

    x, y, test_x, test_y = cross_fitted.load(name)
    fold = fold_of_rows(y, cross_fitted.FOLDS, seed)
    with in_memory.seeded(seed):
        model = CrossFittedALEN(
            MLPEnergy(hidden_units=50, l2=0.1),
            Members(MLP(hidden_units=300, dropout=0.5, input_dropout=0.2), cross_fitted.FOLDS),
            refinement=GradientAscent(3, 0.1, active_set=True),
            beta_v=4.0,
            lambda_g=lambda_g,
            regression_loss="cross_entropy",
            starts=TrainingStarts(zero_init_fraction=0.5),
            preprocessing=Standardization(),
            seed=seed,
        )
        model.build(x.shape, y.shape)
        model.preprocessing.adapt(x)
        batches = Batches(Examples(x, np.float32(y)), BATCH, seed, fold=fold)
        epochs = in_memory.epochs(EPOCHS, batches, STEPS)
        rate = keras.optimizers.schedules.CosineDecay(1e-3, epochs * batches.per_epoch)
        model.compile(keras.optimizers.Adam(rate), keras.optimizers.AdamW(rate, weight_decay=0.3))
        loop = Loop(model, batches)
        for epoch in range(epochs):
            loop.epoch(epoch)
    of_copies = Compiled(lambda x, fold: tf.sigmoid(model.logits(model.prepare(x), fold)))
    found = logits(of_copies(model.views, x, fold), len(y))[None]
    platt, empty = Stacking(found, y), bool(np.any(~y.any(axis=1)))
    path = model.refine(test_x)
    marginals = sigmoid(platt(logits(path[0], len(y))[None]))
    decoded = expected_f1.decode(marginals, empty)[0], path[-1] >= 0.5
    f1 = [float(f1_of_examples(each, test_y).mean()) for each in decoded]
    loss = cross_entropy(stacked_out_of_fold(found, y, fold), y)
    value = float(model.value(test_x, np.float32(decoded[1])).mean())
    return dict(zip(MEASURES, (loss, *f1, value), strict=True))


def table():
    """Means and deviations over seeds, as Markdown."""
    lines = []
    for name in flags.FLAGS.sets or SETS:
        for lambda_g in flags.FLAGS.lambda_g:
            found = []
            for seed in map(int, flags.FLAGS.seeds or SEEDS):
                options = [f"--sets={name}", f"--seeds={seed}", f"--lambda_g={lambda_g}"]
                command = runs.line("experiments.adversarial", options)
                arguments = name, float(lambda_g), seed
                found.append(runs.measured(NAME, command, functools.partial(measure, *arguments)))
            if found := [each for each in found if each]:
                loss, *shares = ([each[m] for each in found] for m in MEASURES)
                cells = [f"{np.mean(loss):.3f}", *map(runs.mean_and_spread, shares)]
                lines.append([f"{name}, {len(found)}", lambda_g, *cells])
    return runs.markdown(["set, seeds", "lambda_g", *MEASURES], lines)


def main(argv):
    del argv
    print(table())


if __name__ == "__main__":
    app.run(main)
