"""Table 2, segmentation of faces (LFW part labels): python -m experiments.table2.

Trains every method on every seed that is not recorded yet, and prints our numbers beside the
paper's. Superpixels are SLIC's, not the official ones, unless the manual directory has those: each
record says which.
"""

from absl import app

from experiments import segmentation
from experiments.segmentation import BFLOAT16

METRICS = ("superpixel_accuracy", "pixel_accuracy")
# Row: gin file, which output of a run, further bindings. A row without a gin file is only quoted.
ROWS = {
    "dvn": (None, None),
    "fcn": ("fcn", "refined", BFLOAT16),
    "alen_infnet": ("alen", "inference_network", BFLOAT16),
    "alen": ("alen", "refined", BFLOAT16),
    "alen_unet_energy_infnet": ("alen_unet_energy", "inference_network", BFLOAT16),
    "alen_unet_energy": ("alen_unet_energy", "refined", BFLOAT16),
    "unet": ("unet", "refined"),
    "alen_unet_infnet": ("alen_unet", "inference_network", BFLOAT16),
    "alen_unet": ("alen_unet", "refined", BFLOAT16),
    "unet_64": ("unet_64", "refined", BFLOAT16),
    "alen_unet_64_infnet": ("alen_unet_64", "inference_network", BFLOAT16),
    "alen_unet_64": ("alen_unet_64", "refined", BFLOAT16),
    "crf": (None, None),
    "gloc": (None, None),
    "dnn": (None, None),
    "dnn_crf_sbm": (None, None),
}


def table():
    """Superpixel and pixel accuracy in percent, the paper's and ours, as Markdown."""
    return segmentation.table("table2", "lfw_parts", "superpixel_accuracy", METRICS, ROWS)


def main(argv):
    del argv
    print(table())


if __name__ == "__main__":
    app.run(main)
