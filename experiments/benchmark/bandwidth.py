"""The floor under a training step that memory sets: the bytes that it has to read and write."""

import math

import tensorflow as tf

# Numbers of float32 that an update reads and writes per weight, its gradient's own writing
# included: w - rate g, and for Adam its two moments as well.
PER_WEIGHT = {"SGD": 4, "Adam": 8}
LEAST = 2**18  # numbers of the smallest array that is copied to measure a rate


def moved(workload, products, sizes):
    """The bytes that a training step moves at least: each product reads its operands and writes its
    result once, and each weight is updated once.

    Args:
      workload: the `Workload`.
      products: of the step; see `floor.products`.
      sizes: the operand in `products` that is no array.
    """
    arrays = sum(
        often * product.dtype.size * math.prod(shape)
        for product, often in products.items()
        for shape in (*product.inputs, product.output)
        if shape != sizes
    )
    return arrays + sum(
        4 * PER_WEIGHT["Adam" if hasattr(optimizer, "beta_2") else "SGD"] * math.prod(weight.shape)
        for network, optimizer in workload.model.optimizers.items()
        for weight in getattr(workload.model, network).trainable_variables
    )


def copying(bytes_moved):
    """(a function that copies arrays, the bytes that it reads and writes): as many as a step moves,
    so that they lie in the same memory, caches included."""
    numbers = max(LEAST, bytes_moved // 8)
    source = tf.random.normal([numbers])

    @tf.function(autograph=False)
    def copy(source):
        return source + 1.0

    return lambda: copy(source), 8 * numbers
