"""The floor under a training step that memory sets: the bytes that it has to read and write."""

import math

import tensorflow as tf

# Numbers of float32 that an update reads and writes per weight, its gradient's own writing
# included: w - rate g, and for Adam its two moments as well.
PER_WEIGHT = {"SGD": 4, "Adam": 8}
LEAST = 2**17  # numbers of the smallest array by which a rate is measured


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
    return arrays + sum(4 * PER_WEIGHT[kind] * count for kind, count in _weights(workload))


def held(workload, products):
    """The bytes of what a step keeps in memory: weights, Adam's moments, and each product."""
    kept = sum(4 * (3 if kind == "Adam" else 1) * count for kind, count in _weights(workload))
    return kept + sum(
        often * product.dtype.size * math.prod(product.output)
        for product, often in products.items()
    )


def _weights(workload):
    """(kind of optimizer, number of weights) of each network."""
    for name, optimizer in workload.model.optimizers.items():
        weights = getattr(workload.model, name).trainable_variables
        kind = "Adam" if hasattr(optimizer, "beta_2") else "SGD"
        yield kind, sum(math.prod(weight.shape) for weight in weights)


def updating(bytes_held):
    """(a function that adds an array to another, the bytes that it reads and writes): both as
    large as what a step keeps, so that it lies in the same memory, caches included."""
    numbers = max(LEAST, bytes_held // 8)  # in each of two arrays
    array, added = tf.Variable(tf.zeros([numbers])), tf.zeros([numbers])

    @tf.function(autograph=False)
    def update():
        array.assign_add(added)

    return update, 12 * numbers  # both are read, and one is written
