"""Algorithm 1 written out in float64 NumPy.

The forward passes, the refinement, the losses and the optimizers are formulas of the paper; loss
gradients are central differences, so that nothing here shares code or calculus with the package.
"""

import numpy as np

from .conftest import mlp, score, sigmoid, slope, weights_of

PAPER = {
    "lambda_v": 1.0,
    "beta_v": 1.0,
    "lambda_g": 1.0,
    "task_weight": 1.0,
    "a": 1.0,
    "d": 1.0,
    "distance": "squared_error",
    "oracle": "f1",
    "uninformed": 0.0,
    "mixed": 0.0,
    "crisp": False,
    "anywhere": False,
    "l2": 0.0,
    "steps": 3,
    "step_size": 0.2,
    "normalize": True,
    "free": False,
    "learning_rate": 0.1,
}


def value_slope(theta, x, y):
    """dv/dy by hand, for v = sigmoid(score)."""
    v = sigmoid(score(theta, x, y))[:, None]
    return v * (1 - v) * slope(theta, x, y)


def ascend(theta, x, y, steps, step_size, normalize, free):
    """Eq. 4 or 12: the path."""
    path = [y]
    for _ in range(steps):
        up = value_slope(theta, x, y)
        if free:
            up = np.where((y <= 0) & (up < 0) | (y >= 1) & (up > 0), 0, up)
        if normalize:
            norm = np.linalg.norm(up, axis=1, keepdims=True)
            up = up / np.where(norm > 0, norm, 1)
        y = np.clip(y + step_size * up, 0, 1)
        path.append(y)
    return path


def oracle_value(name, y, y_true):
    both, either = np.minimum(y, y_true).sum(axis=1), np.maximum(y, y_true).sum(axis=1)
    both, either = np.where(either == 0, 1, both), np.where(either == 0, 1, either)  # both empty
    return both / either if name == "iou" else 2 * both / (both + either)


def distance(name, s, target):
    v = sigmoid(s)
    if name == "squared_error":
        return 0.5 * (v - target) ** 2
    return -target * np.log(v) - (1 - target) * np.log(1 - v)


def penalty(theta, l2):
    return 0.5 * l2 * sum(np.sum(weight**2) for weight in theta if weight.ndim == 2)


class Reference:
    """Both networks' weights and optimizer states, and Algorithm 1's step."""

    def __init__(self, learner, optimizer="sgd", **changes):
        self.o = PAPER | changes
        self.optimizer = optimizer
        self.theta_v = weights_of(learner.energy)
        self.theta_g = weights_of(learner.inference_network)
        self.moments = {"v": (0.0, 0.0), "g": (0.0, 0.0)}
        self.t = 0

    def step(self, x, y_true, numeric_gradient):
        o = self.o
        self.t += 1
        y_inference = sigmoid(mlp(self.theta_g, x))
        start = y_inference.copy()
        start[: round(o["uninformed"] * len(x))] = 0
        y_refined = ascend(
            self.theta_v, x, start, o["steps"], o["step_size"], o["normalize"], o["free"]
        )[-1]
        b = oracle_value(o["oracle"], y_inference, y_true)
        c = oracle_value(o["oracle"], y_refined, y_true)

        def energy_terms(theta):  # Eq. 6
            return {
                "truth": distance(o["distance"], score(theta, x, y_true), o["a"]),
                "inference_network": o["lambda_v"]
                * distance(o["distance"], score(theta, x, y_inference), b),
                "refined": o["beta_v"] * distance(o["distance"], score(theta, x, y_refined), c),
            }

        def inference_terms(theta):  # Eq. 11
            logits = mlp(theta, x)
            y = sigmoid(logits)
            entropies = -y_true * np.log(y) - (1 - y_true) * np.log(1 - y)
            s = score(self.theta_v, x, y)
            return {
                "task": o["task_weight"] * entropies.sum(axis=1),
                "adversarial": o["lambda_g"] * distance("squared_error", s, o["d"]),
            }

        scalars = {
            "oracle/inference_network": b,
            "oracle/refined": c,
            "value/truth": sigmoid(score(self.theta_v, x, y_true)),
            "value/inference_network": sigmoid(score(self.theta_v, x, y_inference)),
            "value/refined": sigmoid(score(self.theta_v, x, y_refined)),
            "refinement/distance": np.linalg.norm(y_refined - y_inference, axis=1),
        }
        updated = {}
        for name, terms, theta in (
            ("energy", energy_terms, self.theta_v),
            ("inference", inference_terms, self.theta_g),
        ):
            found = {f"{name}_loss/{key}": value for key, value in terms(theta).items()}
            scalars |= found
            scalars[f"{name}_loss"] = sum(np.mean(value) for value in found.values())
            gradient = loss_gradient(terms, theta, numeric_gradient)
            network = {"energy": "energy", "inference": "inference_network"}[name]
            scalars[f"gradient_norm/{network}"] = np.linalg.norm(gradient)
            kernels = [weight * (weight.ndim == 2) for weight in theta]
            gradient += o["l2"] * flatten(kernels)
            updated[name[0]] = unflatten(
                flatten(theta) - self.change({"energy": "v", "inference": "g"}[name], gradient),
                theta,
            )
            if o["l2"]:
                scalars[f"penalty/{network}"] = penalty(updated[name[0]], o["l2"])
        self.theta_v, self.theta_g = updated["e"], updated["i"]
        return {name: np.mean(value) for name, value in scalars.items()}

    def change(self, network, gradient):
        """What the optimizer subtracts."""
        if self.optimizer == "sgd":
            return self.o["learning_rate"] * gradient
        m, v = self.moments[network]
        m = 0.5 * m + 0.5 * gradient  # the paper's beta_1
        v = 0.999 * v + 0.001 * gradient**2
        self.moments[network] = m, v
        # The order of computation at the end of Kingma and Ba's section 2, which Keras follows:
        # epsilon is added before the bias is corrected, which matters to small gradients.
        rate = self.o["learning_rate"] * np.sqrt(1 - 0.999**self.t) / (1 - 0.5**self.t)
        return rate * m / (np.sqrt(v) + 1e-7)


def flatten(theta):
    return np.concatenate([weight.ravel() for weight in theta])


def unflatten(vector, like):
    ends = np.cumsum([weight.size for weight in like])[:-1]
    parts = np.split(vector, ends)
    return [part.reshape(weight.shape) for part, weight in zip(parts, like, strict=True)]


def loss_gradient(terms, theta, numeric_gradient):
    """Central differences of the mean loss, with everything but `theta` held."""

    def loss(vector):
        return sum(np.mean(value) for value in terms(unflatten(vector, theta)).values())

    return numeric_gradient(loss, flatten(theta), step=1e-6)
