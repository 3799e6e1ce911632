"""Table 3, segmentation of Weizmann horses: python -m experiments.table3.

Trains every method on every seed that is not recorded yet, and prints our numbers beside the
paper's: first the paper's architectures under its protocol, then the modern ones.
"""

from absl import app

from experiments import segmentation
from experiments.segmentation import BFLOAT16

METRICS = ("mean_iou", "global_iou")
# Row: gin file, which output of a run, further bindings. A row without a gin file is only quoted.
ROWS = {
    "chopps": (None, None),
    "fcn": ("fcn", "refined"),
    "crf": ("crf", "refined", BFLOAT16),
    "dvn": ("dvn", "refined"),
    "dvn_starts": ("dvn_starts", "refined", BFLOAT16),
    "dvn_fcn": ("dvn_fcn", "refined", BFLOAT16),
    "dvn_unet_energy": ("dvn_unet_energy", "refined", BFLOAT16),
    "alen_infnet": ("alen", "inference_network", BFLOAT16),
    "alen": ("alen", "refined", BFLOAT16),
    "alen_unet_energy_infnet": ("alen_unet_energy", "inference_network", BFLOAT16),
    "alen_unet_energy": ("alen_unet_energy", "refined", BFLOAT16),
    "unet": ("unet", "refined", BFLOAT16),
    "alen_unet_infnet": ("alen_unet", "inference_network", BFLOAT16),
    "alen_unet": ("alen_unet", "refined", BFLOAT16),
    "alen_unet_wide_infnet": ("alen_unet_wide", "inference_network", BFLOAT16),
    "alen_unet_wide": ("alen_unet_wide", "refined", BFLOAT16),
    "mmbm2": (None, None),
    "mmbm2_gc": (None, None),
    "shape_nn": (None, None),
}


def table():
    """Mean and global IoU in percent, the paper's and ours, as Markdown."""
    return segmentation.table("table3", "weizmann_horses", "iou", METRICS, ROWS)


def main(argv):
    del argv
    print(table())


if __name__ == "__main__":
    app.run(main)
