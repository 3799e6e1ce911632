"""Where the errors on faces lie: python -m experiments.superpixels.

Prints the accuracy of Table 2's U-Net on the superpixels of the validation images, by purity: the
share of a superpixel that has its most frequent class. The official superpixels are pure, because
faces were labelled with them; SLIC's are not.
"""

import numpy as np
from absl import app, flags

from experiments import runs

RUN = runs.Run("gin/lfw_parts/unet.gin", 0)
BOUNDS = (0.8, 0.95, 1.0)
NAMES = ("below 0.8", "0.8 to 0.95", "0.95 to 1", "1")


def purity(votes):
    """The largest share of one class in each superpixel, [superpixels].

    Args:
      votes: see `metrics.superpixel_votes`.
    """
    return votes.max(axis=1) / votes.sum(axis=1)


def table(hits, purities):
    """A Markdown table by purity: share of the superpixels, share of the errors, and accuracy.

    Args:
      hits: which superpixels are right, bool [superpixels].
      purities: their purities, [superpixels].
    """
    group = np.digitize(purities, BOUNDS)
    lines = []
    for index, name in enumerate(NAMES):
        here = group == index
        shares = np.mean(here), np.sum(here & ~hits) / np.sum(~hits), np.mean(hits[here])
        lines.append([name, *(f"{100 * share:.1f}" for share in shares)])
    return runs.markdown(["purity", "of the superpixels", "of the errors", "accuracy"], lines)


def main(argv):
    del argv
    from alen_tf.objectives import metrics
    from alen_tf.serving import trained
    from alen_tf.tasks import face_parts

    workdir = runs.trained_workdir("table2", RUN)
    _, splits, model = trained.restore(workdir, flags.FLAGS.manual_dir, flags.FLAGS.data_dir)
    outputs = model.refine(splits.validation.x)[-1]
    hits, purities = [], []
    for y, (classes, superpixels) in zip(
        outputs, np.moveaxis(splits.validation.truth, -1, 1), strict=True
    ):
        (found,) = face_parts.classes(y[None], classes.shape)
        hits.append(metrics.superpixel_hits(found, classes, superpixels))
        purities.append(purity(metrics.superpixel_votes(classes, superpixels)))
    print(table(np.concatenate(hits), np.concatenate(purities)))


if __name__ == "__main__":
    app.run(main)
