"""Figure 1, faces segmented with and without refinement: python -m experiments.figure1.

The paper's inference network on the energy of a U-Net, Table 2's first seed, and the test images
that refinement changes most.
"""

from absl import app

from experiments import runs, segmentation


def main(argv):
    del argv
    run = runs.Run("gin/lfw_parts/alen_unet_energy.gin", 0, (segmentation.BFLOAT16,))
    segmentation.figure("table2", run, "figure1")


if __name__ == "__main__":
    app.run(main)
