"""ALEN on Bibtex from scratch: Algorithm 1 in plain TensorFlow, to read beside the paper.

The paper is Pan et al., "Adversarial Localized Energy Network for Structured Prediction" (AAAI
2020); equations have its numbers, and (*) marks what it does not have. Settings are those of
gin/bibtex/alen.gin. x is a document's 1,836 words, y* says which of 159 tags it has.

    python examples/alen_from_scratch.py --data=DIR

DIR holds bibtex-train.arff and bibtex-test.arff of https://github.com/gyglim/dvn (mlc_datasets). A
run takes minutes on one core; its test F1 is about 46 after six steps.
"""

import argparse
import pathlib
import re

import numpy as np
import tensorflow as tf

EPOCHS, BATCH = 80, 20
HIDDEN, GLOBAL_UNITS = 150, 16  # units of the hidden layers, and of v's term over all tags
DROPOUT, L2 = 0.3, 1e-2  # (*) of g's hidden units; of v's matrices, which keeps v smooth
LAMBDA_V, BETA_V, LAMBDA_G = 1.0, 6.7, 1e4  # weights in Eq. 6 and 11
ETA, TRAINING_STEPS, PREDICTION_STEPS = 1.0, 8, 6  # length and number T of steps in Eq. 12
ZERO_INIT = 0.5  # share of a batch whose refinement starts at zeros, as in DVN, not at g(x) (*)
RATE_V, RATE_G = 0.03, 1e-3  # of SGD for v (*: the paper has Adam), of Adam for g; cosine decay (*)
BETA_1, BETA_2, EPSILON = 0.5, 0.999, 1e-7  # of Adam


def init(random, words, tags):
    """Weights theta_v of the energy and theta_g of the inference network, and Adam's state."""
    theta_v = {
        "W": 0.2 * np.sqrt(2 / words) * random.normal(size=(words, HIDDEN)),  # 0.2: x is large (*)
        "b": np.zeros(HIDDEN),
        "W_local": np.sqrt(2 / HIDDEN) * random.normal(size=(HIDDEN, tags)),
        "b_local": np.zeros(tags),
        "W_global": np.sqrt(2 / tags) * random.normal(size=(tags, GLOBAL_UNITS)),
        "w_global": np.sqrt(2 / GLOBAL_UNITS) * random.normal(size=(GLOBAL_UNITS, 1)),
    }
    theta_g = {
        "W": np.sqrt(2 / words) * random.normal(size=(words, HIDDEN)),
        "b": np.zeros(HIDDEN),
        "W_out": np.sqrt(2 / (HIDDEN + tags)) * random.normal(size=(HIDDEN, tags)),
        "b_out": np.full(tags, -3.0),  # a document has 2.4 of 159 tags
    }
    m, u = ({name: np.zeros_like(weight) for name, weight in theta_g.items()} for _ in range(2))
    adam = {"t": 0.0, "m": m, "u": u}  # step, running means of gradients and of their squares
    return tf.nest.map_structure(lambda w: tf.Variable(np.float32(w)), (theta_v, theta_g, adam))


def features(theta_v, x):
    """F(x): what each tag alone adds to the score, [batch, tags]; the same for every y."""
    hidden = tf.nn.softplus(x @ theta_v["W"] + theta_v["b"])
    return hidden @ theta_v["W_local"] + theta_v["b_local"]


def energy(theta_v, f, y):
    """The score s = sum_i y_i F_i(x) + w' softplus(W'y), [batch]; v(x, y) = sigmoid(s)."""
    together = tf.nn.softplus(y @ theta_v["W_global"]) @ theta_v["w_global"]
    return tf.reduce_sum(y * f, axis=1) + together[:, 0]


def inference_network(theta_g, x, dropout=0.0):
    """Logits of g(x), [batch, tags]."""
    hidden = tf.nn.dropout(tf.nn.relu(x @ theta_g["W"] + theta_g["b"]), dropout)
    return hidden @ theta_g["W_out"] + theta_g["b_out"]


def refine(theta_v, f, y, steps):
    """The path [y(0), ..., y(T)] of projected gradient ascent on v(x, y), Eq. 12."""
    path = [y]
    for _ in range(steps):
        with tf.GradientTape() as tape:
            tape.watch(path[-1])
            s = energy(theta_v, f, path[-1])  # normalised, its gradient is the gradient of v
        gradient = tape.gradient(s, path[-1])
        direction = gradient / tf.maximum(tf.norm(gradient, axis=1, keepdims=True), 1e-12)
        path.append(tf.clip_by_value(path[-1] + ETA * direction, 0.0, 1.0))  # P_Y, Y = [0, 1]^M
    return path


def oracle(y, y_true):
    """h(y, y*), F1 of outputs in [0, 1], [batch]."""
    intersection = tf.reduce_sum(tf.minimum(y, y_true), axis=1)  # Eq. 9
    union = tf.reduce_sum(tf.maximum(y, y_true), axis=1)  # Eq. 10
    f1 = 2.0 * intersection / (intersection + union)  # Eq. 8
    return tf.where(union > 0.0, f1, 1.0)  # two empty sets of tags agree


def cross_entropy(s, target):
    """-target log sigmoid(s) - (1 - target) log(1 - sigmoid(s)), shaped like s."""
    return tf.nn.softplus(s) - target * s


@tf.function
def train_step(theta_v, theta_g, adam, x, y_true, total_steps, dropout=DROPOUT):
    """The body of Algorithm 1's loop on a batch, which is its line 2."""
    with tf.GradientTape(persistent=True) as tape:
        logits = inference_network(theta_g, x, dropout)
        y_inference = tf.sigmoid(logits)  # y' = g(x)
        f = features(theta_v, x)
        with tape.stop_recording():  # outputs and targets of the energy are constants to theta_v
            zeros = tf.range(len(x))[:, None] < round(ZERO_INIT * len(x))
            start = tf.where(zeros, 0.0, y_inference)
            y_refined = refine(theta_v, f, start, TRAINING_STEPS)[-1]  # line 3: y''
            b, c = oracle(y_inference, y_true), oracle(y_refined, y_true)
        s_inference = energy(theta_v, f, y_inference)
        # Cross entropies of v to a = 1, b and c, as in DVN, in place of 1/2 (v - a)^2 ... (*).
        loss_v = tf.reduce_mean(
            cross_entropy(energy(theta_v, f, y_true), 1.0)  # Eq. 6a
            + LAMBDA_V * cross_entropy(s_inference, b)  # Eq. 6b
            + BETA_V * cross_entropy(energy(theta_v, f, y_refined), c)  # Eq. 6c
        )
        task = tf.reduce_sum(cross_entropy(logits, y_true), axis=1)  # Eq. 11a
        adversarial = 0.5 * (tf.sigmoid(s_inference) - 1.0) ** 2  # Eq. 7, d = 1
        loss_g = tf.reduce_mean(task + LAMBDA_G * adversarial)  # Eq. 11
    # Both gradients come before either update, so that v(x, g(x)) is computed once for both losses.
    gradient_v, gradient_g = tape.gradient(loss_v, theta_v), tape.gradient(loss_g, theta_g)
    decay = (1.0 + tf.cos(np.pi * adam["t"] / total_steps)) / 2.0  # cosine, from 1 to 0
    update_sgd(theta_v, gradient_v, RATE_V * decay)  # line 4
    update_adam(theta_g, gradient_g, adam, RATE_G * decay)  # line 5


def update_sgd(theta, gradient, rate):
    """One step on the loss and L2/2 ||W||^2 of every matrix W."""
    for name, weight in theta.items():
        l2 = L2 if len(weight.shape) == 2 else 0.0
        weight.assign_sub(rate * (gradient[name] + l2 * weight))


def update_adam(theta, gradient, adam, rate):
    """One step of Adam as at the end of section 2 of Kingma & Ba: epsilon before the correction."""
    t = adam["t"].assign_add(1.0)
    rate *= tf.sqrt(1.0 - BETA_2**t) / (1.0 - BETA_1**t)
    for name, weight in theta.items():
        m = adam["m"][name].assign_add((1.0 - BETA_1) * (gradient[name] - adam["m"][name]))
        u = adam["u"][name].assign_add((1.0 - BETA_2) * (gradient[name] ** 2 - adam["u"][name]))
        weight.assign_sub(rate * m / (tf.sqrt(u) + EPSILON))


@tf.function
def predict(theta_v, theta_g, x):
    """The path of refinement from g(x); its end is the prediction."""
    y_inference = tf.sigmoid(inference_network(theta_g, x))
    return refine(theta_v, features(theta_v, x), y_inference, PREDICTION_STEPS)


def f1_by_step(theta_v, theta_g, x, y_true):
    """Mean F1 of y(0), ..., y(T) in per cent, with a tag where y >= 0.5."""
    tags = [tf.cast(y >= 0.5, tf.float32) for y in predict(theta_v, theta_g, x)]
    return [100.0 * float(tf.reduce_mean(oracle(y, y_true))) for y in tags]


def read_arff(path):
    """Words x and tags y* of the documents in a sparse ARFF file, in {0, 1}."""
    header, data = path.read_text(encoding="utf-8").split("@data")
    is_tag = np.array([name.startswith("TAG_") for name in re.findall(r"@attribute (\S+)", header)])
    rows = data.strip().splitlines()  # such as {6 1,22 1}: columns 6 and 22 are 1
    table = np.zeros((len(rows), len(is_tag)), np.float32)
    for row, text in zip(table, rows, strict=True):
        row[[int(column) for column in re.findall(r"(\d+) 1\b", text)]] = 1.0
    return table[:, ~is_tag], table[:, is_tag]


def load(folder):
    """{split: (x, y*)}, x standardised by the training documents; 10% of them are held out."""
    (x, y), test = (read_arff(folder / f"bibtex-{split}.arff") for split in ("train", "test"))
    order = np.random.RandomState(0).permutation(len(x))  # the same ones for every seed
    held_out, rest = np.split(order, [round(0.1 * len(x))])
    mean, deviation = x[rest].mean(axis=0, dtype=float), x[rest].std(axis=0, dtype=float)
    deviation[deviation == 0.0] = 1.0  # a constant word is only centred
    splits = {"train": (x[rest], y[rest]), "validation": (x[held_out], y[held_out]), "test": test}
    return {k: (np.float32((x - mean) / deviation), y) for k, (x, y) in splits.items()}


def main():
    parser = argparse.ArgumentParser(description="Trains ALEN on Bibtex.")
    parser.add_argument("--data", type=pathlib.Path, default="bibtex/", help="folder of the files")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    tf.random.set_seed(args.seed)  # of dropout
    random, splits = np.random.default_rng(args.seed), load(args.data)
    x, y = splits["train"]
    theta_v, theta_g, adam = init(random, x.shape[1], y.shape[1])
    batches = len(x) // BATCH
    for epoch in range(1, args.epochs + 1):
        for rows in random.permutation(len(x))[: batches * BATCH].reshape(batches, BATCH):
            train_step(theta_v, theta_g, adam, x[rows], y[rows], args.epochs * batches)
        if epoch % 10 == 0:
            f1 = f1_by_step(theta_v, theta_g, *splits["validation"])[-1]
            print(f"epoch {epoch:3d}: validation F1 {f1:.2f}", flush=True)
    print(f"{'F1 after step':<16}{'validation':>12}{'test':>12}")
    columns = [f1_by_step(theta_v, theta_g, *splits[split]) for split in ("validation", "test")]
    for step, (validation, test) in enumerate(zip(*columns, strict=True)):
        print(f"{step:<16}{validation:12.2f}{test:12.2f}")


if __name__ == "__main__":
    main()
