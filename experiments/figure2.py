"""Figure 2, horses segmented with and without refinement: python -m experiments.figure2.

The paper's FCN refined on a U-Net's energy, Table 3's first seed, and the test images that
refinement changes most.
"""

from absl import app

from experiments import runs, segmentation


def main(argv):
    del argv
    run = runs.Run("gin/weizmann_horses/alen_unet_energy.gin", 0, (segmentation.BFLOAT16,))
    segmentation.figure("table3", run, "figure2")


if __name__ == "__main__":
    app.run(main)
