"""Algorithm 1 written out in NumPy, of the formulas in `by_hand`."""

import numpy as np

from . import by_hand
from .by_hand import mlp, score, sigmoid

PAPER = {
    "lambda_v": 1.0,
    "beta_v": 1.0,
    "lambda_g": 1.0,
    "task_weight": 1.0,
    "regression_loss": "squared_error",
    "oracle": "f1",
    "zero_init_fraction": 0.0,
    "l2": 0.0,
    "steps": 3,
    "step_size": 0.2,
    "norm": "l2",
    "active_set": False,
    "alternating": False,
    "learning_rate": 0.1,
}


class Reference:
    """Both networks' weights and optimizer states, and Algorithm 1's step."""

    def __init__(self, model, optimizer="sgd", **changes):
        self.o = PAPER | changes
        self.optimizer = optimizer
        self.theta_v = by_hand.weights_of(model.energy)
        self.theta_g = by_hand.weights_of(model.inference_network)
        self.moments = {"energy": (0.0, 0.0), "inference_network": (0.0, 0.0)}
        self.t = 0

    def step(self, x, y_true, numeric_gradient, weight=1.0):
        """All scalars of a step by name; `weight` is that of each example, [batch]."""
        o = self.o
        self.t += 1
        y_inference = sigmoid(mlp(self.theta_g, x))
        start = y_inference.copy()
        start[: round(o["zero_init_fraction"] * len(x))] = 0
        y_refined = by_hand.ascend(
            lambda y: by_hand.value_slope(self.theta_v, x, y),
            start,
            o["steps"],
            o["step_size"],
            o["norm"],
            o["active_set"],
        )[-1]
        oracle, distance = getattr(by_hand, o["oracle"]), getattr(by_hand, o["regression_loss"])
        h_inference, h_refined = oracle(y_inference, y_true), oracle(y_refined, y_true)

        def energy_terms(theta):  # Eq. 6
            return {
                "truth": distance(score(theta, x, y_true), 1.0),
                "inference_network": o["lambda_v"]
                * distance(score(theta, x, y_inference), h_inference),
                "refined": o["beta_v"] * distance(score(theta, x, y_refined), h_refined),
            }

        def inference_terms(theta):  # Eq. 11
            logits = mlp(theta, x)
            s = score(judge, x, sigmoid(logits))
            return {
                "task": o["task_weight"] * by_hand.cross_entropy(logits, y_true).sum(axis=1),
                "adversarial": o["lambda_g"] * by_hand.squared_error(s, 1.0),
            }

        scalars = {
            "oracle/inference_network": h_inference,
            "oracle/refined": h_refined,
            "value/truth": sigmoid(score(self.theta_v, x, y_true)),
            "value/inference_network": sigmoid(score(self.theta_v, x, y_inference)),
            "value/refined": sigmoid(score(self.theta_v, x, y_refined)),
            "refinement/distance": np.linalg.norm(y_refined - y_inference, axis=1),
        }
        updated, judge = [], self.theta_v  # who judges y' in Eq. 7
        for network, loss, terms, theta in (
            ("energy", "energy_loss", energy_terms, self.theta_v),
            ("inference_network", "inference_loss", inference_terms, self.theta_g),
        ):

            def total(theta, terms=terms):
                return sum(np.mean(weight * values) for values in terms(theta).values())

            scalars |= {f"{loss}/{term}": weight * each for term, each in terms(theta).items()}
            scalars[loss] = total(theta)
            gradient = by_hand.gradient(total, theta, numeric_gradient)
            scalars[f"gradient_norm/{network}"] = np.linalg.norm(gradient)
            kernels = [each * (each.ndim == 2) for each in theta]
            gradient += o["l2"] * by_hand.flatten(kernels)
            moved = by_hand.flatten(theta) - self.change(network, gradient)
            updated.append(by_hand.unflatten(moved, theta))
            judge = updated[0] if o["alternating"] else judge
            if o["l2"]:
                scalars[f"penalty/{network}"] = by_hand.penalty(updated[-1], o["l2"])
        self.theta_v, self.theta_g = updated
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
