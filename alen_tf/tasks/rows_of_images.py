"""A figure with rows of images, drawn as one image: an axis for each would take a second."""

import numpy as np

GAP = 0.1  # of an image's width, between images


def figure(rows, size):
    """Rows of images, each with its name on the left.

    Args:
      rows: {name: images}, RGB in [0, 1], [images, height, width, 3]; smaller ones are enlarged.
      size: of one image, in inches.

    Returns:
      (the figure, its axes in units of the images' pixels, the first pixel row of each row).
    """
    import matplotlib.pyplot as plt

    count = len(next(iter(rows.values())))
    height, width = np.max([images.shape[1:3] for images in rows.values()], axis=0)
    gap = max(1, round(GAP * width))
    tops = [(height + gap) * row for row in range(len(rows))]
    canvas = np.ones((tops[-1] + height, (width + gap) * count - gap, 3))
    for top, images in zip(tops, rows.values(), strict=True):
        for column, image in enumerate(images):
            left = (width + gap) * column
            canvas[top : top + height, left : left + width] = _enlarged(image, height, width)
    figure, axes = plt.subplots(
        figsize=(size * count + 0.8, size * len(rows) * height / width), layout="constrained"
    )
    axes.imshow(canvas, interpolation="nearest")
    axes.set(xticks=[], yticks=[top + (height - 1) / 2 for top in tops], yticklabels=list(rows))
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return figure, axes, tops


def _enlarged(image, height, width):
    """An image with its pixels repeated."""
    rows, columns = (
        np.arange(size) * old // size
        for size, old in zip((height, width), image.shape, strict=False)
    )
    return image[rows[:, None], columns]
