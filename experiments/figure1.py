"""Figure 1, faces segmented with and without refinement: python -m experiments.figure1.

The ALEN model of Table 2's first seed, and the test images that refinement changes most.
"""

from absl import app

from experiments import runs, segmentation


def main(argv):
    del argv
    segmentation.figure("table2", runs.Run("gin/lfw_parts/alen_unet.gin", 0), "figure1")


if __name__ == "__main__":
    app.run(main)
