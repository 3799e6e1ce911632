"""The floor under a training step: the matrix products and convolutions that it needs, alone."""

import collections
import math
from typing import NamedTuple

import tensorflow as tf

from alen_tf.models.batch import Batch
from experiments.benchmark.workloads import losses

PRODUCTS = ("MatMul", "BatchMatMulV2", "Conv2D", "Conv2DBackpropInput", "Conv2DBackpropFilter")
SIZES = "sizes"


class Product(NamedTuple):
    """An operation, the shapes of its inputs and of its output, its attributes, and what it
    computes in."""

    kind: str
    inputs: tuple
    output: tuple[int, ...]
    attributes: tuple
    dtype: tf.DType


def products(workload):
    """The products of a training step, of the whole graph of its losses and updates.

    Returns:
      {`Product`: how often}.
    """
    batch = workload.batches(0, workload.batches.order(0), 0)
    step = tf.function(lambda *batch: losses(workload.model.update(Batch(*batch))[1]))
    graph = step.get_concrete_function(*batch).graph
    found = collections.Counter()
    for operation in _needed(graph):
        if operation.type in PRODUCTS:
            result = operation.outputs[0]
            # A tensor of sizes specifies the shape of the output.
            inputs = tuple(
                SIZES if tensor.dtype == tf.int32 else tuple(tensor.shape)
                for tensor in operation.inputs
            )
            attributes = _attributes(operation)
            product = Product(operation.type, inputs, tuple(result.shape), attributes, result.dtype)
            found[product] += 1
    return found


def _needed(graph):
    """The operations that results and updates depend on. Gradients add others, for inputs that need
    none, which TensorFlow prunes."""
    needed = {output.op for output in graph.outputs} | set(graph.control_outputs)
    new = list(needed)
    while new:
        operation = new.pop()
        before = {tensor.op for tensor in operation.inputs} | set(operation.control_inputs)
        new += before - needed
        needed |= before
    return needed


def _attributes(operation):
    kept = ("transpose_a", "transpose_b", "strides", "padding", "adj_x", "adj_y")
    names = [attribute.name for attribute in operation.op_def.attr if attribute.name in kept]
    values = [operation.get_attr(name) for name in names]
    plain = {bytes: bytes.decode, list: tuple}
    return tuple(
        (name, plain.get(type(value), lambda same: same)(value))
        for name, value in zip(names, values, strict=True)
    )


def flops(product):
    """Floating-point operations of a product, two per multiplication and addition."""
    kind, inputs, output, attributes, _ = product
    if kind == "MatMul":
        inner = inputs[0][0] if dict(attributes)["transpose_a"] else inputs[0][1]
        return 2 * math.prod(output) * inner
    if kind == "BatchMatMulV2":
        inner = inputs[0][-2] if dict(attributes)["adj_x"] else inputs[0][-1]
        return 2 * math.prod(output) * inner
    # A convolution of images [n, h, w, c] with a kernel [kh, kw, c, k] to [n, h', w', k], and its
    # two derivatives: every place of the small images is multiplied with every number of the kernel
    # once.
    if kind == "Conv2D":
        kernel, small = inputs[1], output
    elif kind == "Conv2DBackpropInput":
        kernel, small = inputs[1], inputs[2]
    else:
        kernel, small = output, inputs[2]
    return 2 * math.prod(small[:3]) * math.prod(kernel)


def alone(products, times):
    """A function that computes a step's products, on random arrays, `times` times, and nothing
    else.

    All in turn and each on its own arrays, as in the step, so that the same amount of memory is
    read and written.
    """
    calls = [_call(product) for product, often in products.items() for _ in range(often)]
    operations, arrays = zip(*calls, strict=True)

    @tf.function(autograph=False)
    def repeat(arrays):
        def once(time, *made):
            del made
            last, products = time, []
            for operation, each in zip(operations, arrays, strict=True):
                # Under a control dependency, so that none is moved out of the loop; all are
                # results, so that none is pruned.
                with tf.control_dependencies([last]):
                    last = operation(*each)
                products.append(last)
            return time + 1, *products

        return tf.while_loop(lambda time, *_: time < times, once, once(tf.constant(0)))[1:]

    compiled = repeat.get_concrete_function(arrays)
    return lambda: compiled(arrays)


def _call(product):
    """(operation, random arrays that it takes)."""
    kind, inputs, output, attributes, dtype = product
    names = {
        "MatMul": ("a", "b"),
        "BatchMatMulV2": ("x", "y"),
        "Conv2D": ("input", "filter"),
        "Conv2DBackpropInput": ("input_sizes", "filter", "out_backprop"),
        "Conv2DBackpropFilter": ("input", "filter_sizes", "out_backprop"),
    }[kind]
    arrays = [
        tf.constant(output) if shape == SIZES else tf.cast(tf.random.normal(shape), dtype)
        for shape in inputs
    ]

    def operation(*arrays):
        named = dict(zip(names, arrays, strict=True)) | dict(attributes)
        return getattr(tf.raw_ops, kind)(**named)

    return operation, arrays


def peak(size=1024, dtype=tf.float32):
    """(a large square product, its floating-point operations): the device's rate at its best."""
    a = tf.cast(tf.random.normal((size, size)), dtype)
    return lambda: tf.matmul(a, a), 2 * size**3
