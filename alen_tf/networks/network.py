"""The base classes of this package's networks."""

import keras

from alen_tf.configured import Configured
from alen_tf.networks.precision import under

WIDEST = 1_000_000  # units of a layer: the weights of wider ones fit into no memory


class Network(Configured, keras.Model):
    """A `keras.Model` that creates its layers once shapes are known, and is saved by its arguments.

    Attributes:
      precision: the dtype policy of its layers: Keras's global policy when the network is created.
        It is saved, so a loaded network computes in the same precision.
    """

    def __init__(self, name=None, dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.precision = keras.config.dtype_policy().name

    def get_config(self):
        return super().get_config() | {"precision": self.precision}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        with under(config.pop("precision", keras.config.dtype_policy())):
            return super().from_config(config, custom_objects)

    def make_layers(self, input_shape):
        """Creates layers that depend on shapes, or on the random state at build time.

        Args:
          input_shape: [batch, ...], or for an energy those of x and of y.
        """

    def build(self, input_shape):
        with under(self.precision):
            self.make_layers(input_shape)
            # Creates the variables of all layers, without computing.
            inputs = keras.tree.map_shape_structure(
                lambda shape: keras.KerasTensor(shape, self.compute_dtype), input_shape
            )
            self.compute_output_spec(inputs)
        self.built = True


class InferenceNetwork(Network):
    """g(x): logits shaped like outputs.

    Attributes:
      outputs: size of the last axis of outputs. If None, the enclosing model sets it once it has
        seen an output.
    """

    def __init__(self, outputs, name, dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.outputs = outputs
