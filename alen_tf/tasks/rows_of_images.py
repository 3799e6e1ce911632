"""A figure with rows of images, drawn as one image: an axis for each would take a second."""

import numpy as np

GAP = 0.1  # of an image's width, between images


def figure(rows, size):
    """Rows of images, each with its name on the left.

    Args:
      rows: {name: images}, RGB in [0, 1], [images, height, width, 3], all of one shape.
      size: of one image, in inches.

    Returns:
      (the figure, its axes in units of the images' pixels, the first pixel row of each row).
    """
    import matplotlib.pyplot as plt

    count, height, width, _ = np.shape(next(iter(rows.values())))
    gap = max(1, round(GAP * width))
    tops = [(height + gap) * row for row in range(len(rows))]
    canvas = np.ones((tops[-1] + height, (width + gap) * count - gap, 3))
    for top, images in zip(tops, rows.values(), strict=True):
        for column, image in enumerate(images):
            left = (width + gap) * column
            canvas[top : top + height, left : left + width] = image
    figure, axes = plt.subplots(
        figsize=(size * count + 0.8, size * len(rows) * height / width), layout="constrained"
    )
    axes.imshow(canvas, interpolation="nearest")
    axes.set(xticks=[], yticks=[top + (height - 1) / 2 for top in tops], yticklabels=list(rows))
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return figure, axes, tops
