"""Our training step against itself with one thing changed."""

import functools

import tensorflow as tf

from alen_tf.models.batch import Batch
from experiments.benchmark.workloads import Workload


def variants(gin_file, count):
    """Our training step and what it is compared with.

    Returns:
      {name: (function, training steps that a call takes, `count` for most)}.
    """

    def workload():
        return Workload(gin_file)

    eager = workload()
    order = eager.batches.order(0)

    few = max(1, count // 10)

    def run_eagerly():
        for step in range(few):
            eager.model.update(Batch(*eager.batches(0, order, step)))

    def without(name):
        return Workload(gin_file, params=(f"{name} = 0",))

    compiled = {
        "ours": workload().steps(count),
        "one step per call": workload().steps(count, per_call=1),
        "compiled by XLA": workload().steps(count, jit_compile=True),
        "x encoded for every score": unsplit(workload()).steps(count),
        "updates as in Keras": keras_updates(workload()).steps(count),
        "losses logged alone": workload().steps(count, logged="losses"),
        "nothing logged": workload().steps(count, logged="nothing"),
        "no refinement": without("training/GradientAscent.steps").steps(count),
        "no dropout": without("MLP.dropout").steps(count),
        "no dropout, compiled by XLA": without("MLP.dropout").steps(count, jit_compile=True),
    }
    return {name: (function, count) for name, function in compiled.items()} | {
        "eager Keras": (run_eagerly, few)
    }


def unsplit(workload):
    """The workload with an energy that encodes x again for every score."""
    energy = workload.model.energy
    encode, score = energy.encode, energy.score
    energy.encode = lambda x, training=False: x
    energy.score = lambda x, y: score(encode(x, training=True), y)
    return workload


def keras_updates(workload):
    """The workload with Keras's own updates, which pass over memory up to twelve times."""

    def update_step(optimizer, kind, gradient, variable, rate):
        kind.update_step(optimizer, optimizer.penalised(gradient, variable), variable, rate)

    for optimizer in workload.model.optimizers.values():
        *_, kind = type(optimizer).__bases__
        optimizer.update_step = functools.partial(update_step, optimizer, kind)
        # Without the work that ours do once for all variables.
        optimizer._backend_update_step = functools.partial(kind._backend_update_step, optimizer)
    return workload


def sparse_product(workload):
    """The first layer on a batch of bags of words, forward and back: {"dense": function, "sparse":
    function}. The sparse form multiplies only the ones, and corrects for standardisation.
    """
    x = workload.examples.x[: workload.batches.size]
    random = tf.random.Generator.from_seed(0)
    weights = random.normal((x.shape[1], 150))
    slopes, centre = random.normal((len(x), 150)), random.normal((x.shape[1],))
    standardised = random.normal(x.shape)
    words = tf.sparse.from_dense(tf.cast(x, tf.float32))

    @tf.function
    def dense():
        forward = tf.matmul(standardised, weights)
        return forward, tf.matmul(standardised, slopes, transpose_a=True)

    @tf.function
    def sparse():
        forward = tf.sparse.sparse_dense_matmul(words, weights)
        forward -= tf.linalg.matvec(weights, centre, transpose_a=True)
        back = tf.sparse.sparse_dense_matmul(words, slopes, adjoint_a=True)
        return forward, back - centre[:, None] * tf.reduce_sum(slopes, axis=0)

    def many(function):
        return lambda: [function() for _ in range(100)]

    return {"dense": many(dense), "sparse": many(sparse)}
