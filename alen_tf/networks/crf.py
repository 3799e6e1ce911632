"""A fully connected conditional random field (Krähenbühl & Koltun, NIPS 2011) over the logits of
another network, its mean-field inference unrolled and learned through (Zheng et al., ICCV 2015)."""

import gin
import keras
from keras import ops

from alen_tf.configured import register
from alen_tf.errors import check_count, check_positive
from alen_tf.networks.fcn import FCN
from alen_tf.networks.network import InferenceNetwork


@gin.register
@register
class MeanFieldCRF(InferenceNetwork):
    """Inference network g(x): unary logits, then a few mean-field updates

      logits <- unary + w_1 K_1 q + w_2 K_2 q,    q = the output that the logits stand for,

    where the rows of K_1 and K_2 are normalised. K_1 is Gaussian in the distance between two
    pixels, K_2 in distance and colour difference. Neighbours vote for their own class (Potts). Both
    kernels are exact, so memory grows with the square of the number of pixels, which is feasible
    for 32x32 images.
    """

    def __init__(
        self,
        outputs=None,
        unary=None,
        iterations=5,
        near=1.5,
        far=6.0,
        colour=0.5,
        name="inference_network",
    ):
        """Configures the network; both weights and all three widths are learned.

        Args:
          outputs: number of outputs per pixel: 1 for a mask, otherwise the number of classes; see
            `InferenceNetwork`.
          unary: network of the unary logits; an `FCN` by default.
          iterations: number of mean-field updates.
          near: initial width of K_1 in pixels.
          far: initial width of K_2 in pixels.
          colour: initial width of K_2 in standard deviations of the training images' colours.
          name: name of the model.

        Raises:
          ConfigError: a setting is out of its range.
        """
        check_count("MeanFieldCRF.iterations", iterations)
        for width, value in (("near", near), ("far", far), ("colour", colour)):
            check_positive(f"MeanFieldCRF.{width}", value)
        super().__init__(outputs, name, dtype="float32")
        self.unary = unary or FCN(name="unary")
        self.iterations = iterations
        self.near = near
        self.far = far
        self.colour = colour

    def make_layers(self, input_shape):
        if getattr(self.unary, "outputs", 0) is None:
            self.unary.outputs = self.outputs

        def positive(value, name):  # its logarithm keeps it positive
            start = keras.initializers.Constant(ops.log(value))
            return self.add_weight(shape=(), initializer=start, name=name)

        self.log_weights = [positive(1.0, "near_weight"), positive(1.0, "colour_weight")]
        self.log_near = positive(self.near, "near_width")
        self.log_far = positive(self.far, "far_width")
        self.log_colour = positive(self.colour, "colour_width")

    def call(self, x, training=False):
        unary = self.unary(x, training=training)
        pixels = unary.shape[1] * unary.shape[2]
        flat = ops.reshape(unary, (-1, pixels, self.outputs))
        kernel = self.kernel(x)
        logits = flat
        for _ in range(self.iterations):
            logits = flat + ops.matmul(kernel, self.votes(logits))
        return ops.reshape(logits, ops.shape(unary))

    def votes(self, logits):
        """The vote of each pixel: its distribution, or for a mask a number in [-1, 1]."""
        if self.outputs == 1:
            return ops.tanh(0.5 * logits)  # 2 sigmoid(logits) - 1
        return ops.softmax(logits)

    def kernel(self, x):
        """w_1 K_1 + w_2 K_2 of images [batch, height, width, channels], [batch, pixels, pixels]."""
        height, width, channels = x.shape[1:]
        rows, columns = ops.meshgrid(
            ops.arange(height, dtype="float32"), ops.arange(width, dtype="float32"), indexing="ij"
        )
        sites = ops.stack([ops.reshape(rows, (-1,)), ops.reshape(columns, (-1,))], axis=-1)[None]
        colours = ops.reshape(x, (-1, height * width, channels))
        near = _squared_distances(sites / ops.exp(self.log_near))
        similar = _squared_distances(sites / ops.exp(self.log_far)) + _squared_distances(
            colours / ops.exp(self.log_colour)
        )
        others = 1.0 - ops.eye(height * width)  # a pixel does not vote on itself
        kernels = [others * ops.exp(-0.5 * squares) for squares in (near, similar)]
        return sum(
            ops.exp(log_weight) * kernel / (ops.sum(kernel, axis=-1, keepdims=True) + 1e-6)
            for log_weight, kernel in zip(self.log_weights, kernels, strict=True)
        )


def _squared_distances(points):
    """Squared distances between all pairs of points, [batch, n, n], of [batch, n, dimensions]."""
    squares = ops.sum(ops.square(points), axis=-1)
    products = ops.matmul(points, ops.swapaxes(points, -1, -2))
    return ops.maximum(squares[..., :, None] + squares[..., None, :] - 2.0 * products, 0.0)
