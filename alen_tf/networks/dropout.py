"""Dropout of dense and sparse rows, whose random numbers are cheap under XLA as well."""

import contextlib
import contextvars

import keras
import tensorflow as tf

_COMPILED = contextvars.ContextVar("compiled by XLA", default=False)


@contextlib.contextmanager
def drawn_by_xla(compiled):
    """What is traced inside becomes part of an XLA program, if `compiled`."""
    token = _COMPILED.set(compiled)
    try:
        yield
    finally:
        _COMPILED.reset(token)


class Dropout(keras.layers.Dropout):
    """Keras's dropout, of sparse rows too: zeros stay zeros, whether they are dropped or not.

    In an XLA program it draws by ThreeFry, which only XLA has: its Philox, with which TensorFlow
    draws elsewhere, takes longer on a CPU than the rest of a small step. Masks follow from the same
    seeds either way, but differ.
    """

    def call(self, inputs, training=False):
        if isinstance(inputs, tf.SparseTensor):
            return inputs.with_values(self(inputs.values, training=training))
        if not (training and self.rate and _COMPILED.get()):
            return super().call(inputs, training=training)
        seed = tf.cast(self.seed_generator.next(), tf.int32)
        return tf.nn.experimental.stateless_dropout(
            inputs, self.rate, seed, rng_alg="threefry", noise_shape=self.noise_shape
        )
