"""A training step against what it cannot undercut: its products, and the bytes that it moves."""

import contextlib
import functools

import tensorflow as tf

from alen_tf.networks.precision import made_in
from experiments.benchmark import bandwidth, floor, rivals, timing
from experiments.benchmark.workloads import BOOKMARKS, HORSES, Workload

# (steps of a call, calls that are timed) by shapes.
REPEATED = {
    "Bibtex": (192, 9),
    "10 x Bibtex": (4, 5),
    "Bookmarks": (96, 7),
    "images 24x24": (2, 3),
    "U-Nets, images 32x32": (1, 3),
}
WORKLOADS = {
    "Bibtex": rivals.SIZES["Bibtex"].workload,
    "10 x Bibtex": rivals.SIZES["10 x Bibtex"].workload,
    "Bookmarks": functools.partial(Workload, "bookmarks/alen", BOOKMARKS, (), 20_000),
    "images 24x24": functools.partial(Workload, "weizmann_horses/alen", HORSES, (), 256),
    "U-Nets, images 32x32": functools.partial(
        Workload, "weizmann_horses/alen_unet", HORSES, (), 64
    ),
}
IN_ALL_PRECISIONS = ("Bibtex", "10 x Bibtex", "U-Nets, images 32x32")


def precisions(name):
    """What a workload is timed in: float32, its rounded products on a GPU, and bfloat16."""
    if name not in IN_ALL_PRECISIONS:
        return ("float32",)
    return ("float32", *["TF32"] * timing.on_gpu(), "bfloat16")


@contextlib.contextmanager
def computed_in(precision):
    """Networks made inside compute in it; products of float32 are rounded only for TF32."""
    before = tf.config.experimental.tensor_float_32_execution_enabled()
    tf.config.experimental.enable_tensor_float_32_execution(precision == "TF32")
    try:
        with made_in("mixed_bfloat16" if precision == "bfloat16" else "float32"):
            yield
    finally:
        tf.config.experimental.enable_tensor_float_32_execution(before)


def measure(make, precision, count, repetitions):
    """Times of a training step and of both floors.

    Args:
      make: of the `Workload`.
      precision: "float32", "TF32" or "bfloat16".
      count: steps of a call.
      repetitions: calls that are timed.
    """
    with computed_in(precision):
        workload = make()
        found = floor.products(workload)
        square, peak_flops = floor.peak(
            dtype=tf.bfloat16 if precision == "bfloat16" else tf.float32
        )
        bytes_moved = bandwidth.moved(workload, found, floor.SIZES)
        update, bytes_updated = bandwidth.updating(bandwidth.held(workload, found))
        functions = {
            "step": workload.steps(count),
            "products": floor.alone(found, count),
            "peak": square,
            "update": update,
        }
        seconds = timing.interleaved(functions, repetitions)
    step, least = seconds["step"] / count, seconds["products"] / count
    operations = sum(often * floor.flops(product) for product, often in found.items())
    rate, speed = peak_flops / seconds["peak"], bytes_updated / seconds["update"]
    return {
        "megaflop_per_step": round(operations / 1e6, 2),
        "peak_gigaflops": round(rate / 1e9, 1),
        "step_ms": round(1e3 * step, 4),
        "products_alone_ms": round(1e3 * least, 4),
        "share_of_products": round(least / step, 3),
        "share_of_peak": round(operations / rate / step, 3),
        "megabytes_per_step": round(bytes_moved / 1e6, 2),
        "gigabytes_per_second": round(speed / 1e9, 2),
        "share_of_bandwidth": round(bytes_moved / speed / step, 3),
    }
