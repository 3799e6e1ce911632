"""The parts of the benchmark: each measures, and returns an object for JSON."""

import resource
import statistics
import subprocess
import sys
import tempfile

from absl import flags

from alen_tf.training.loop import LOG_EVERY, STEPS_PER_CALL
from experiments import runs
from experiments.benchmark import floors, growth, members, rivals, score, timing, variants
from experiments.benchmark.workloads import BIBTEX, BOOKMARKS, HORSES, Workload

IMAGES_32 = ("ImageAugmentation.crop = 32", "TestTimeAugmentation.size = None")
# (gin file, shape, further bindings) by data set and method.
TRAINED = {
    "Bibtex": {
        name: (f"bibtex/{name}", BIBTEX, ())
        for name in ("alen", "dvn", "spen", "spen_infnet", "infnet")
    },
    "Bookmarks": {
        name: (f"bookmarks/{name}", BOOKMARKS, ())
        for name in ("alen", "dvn", "spen", "spen_infnet", "infnet")
    },
    "images 24x24": {
        name: (f"weizmann_horses/{name}", HORSES, ()) for name in ("alen", "dvn_fcn", "fcn")
    },
    "images 32x32": {
        name: (f"weizmann_horses/{name}", HORSES, IMAGES_32) for name in ("alen", "dvn_fcn", "fcn")
    },
}
EXAMPLES = {"Bibtex": 4000, "Bookmarks": 20_000, "images 24x24": 256, "images 32x32": 256}
PREDICTED = {"Bibtex": 2048, "Bookmarks": 2048, "images 24x24": 2, "images 32x32": 32}
STEPS = (0, 1, 3, 6, 20)
# Training steps per call, about as many as the trainer takes; as many of them log all scalars as in
# an epoch. In shorter calls, the other candidates empty a step's caches.
STEPS_TIMED = STEPS_PER_CALL // LOG_EVERY * LOG_EVERY
FIT_STEPS = 50  # per call of Keras's loop
# Per call of `fit`, whose start-up takes as long as a hundred steps.
FIT_EPOCHS = 10


def training(quick):
    """Steps and examples per second of every method, on all shapes."""
    results = {}
    for data, methods in TRAINED.items():
        if quick and data != "Bibtex":
            continue
        images = data.startswith("images")
        count, repetitions = (2, 1) if quick else (4, 3) if images else (STEPS_TIMED, 9)
        workloads = {
            name: Workload(*methods[name], count=EXAMPLES[data])
            for name in list(methods)[: 2 if quick else None]
        }
        functions = {name: workload.steps(count) for name, workload in workloads.items()}
        seconds = timing.interleaved(functions, repetitions)
        results[data] = {
            name: {
                "batch": workload.batches.size,
                "steps_per_second": round(count / seconds[name], 2),
                "examples_per_second": round(count * workload.batches.size / seconds[name], 1),
                "time_relative_to_alen": round(seconds[name] / seconds["alen"], 3),
            }
            for name, workload in workloads.items()
        }
    return results


def prediction(quick):
    """Examples per second of ALEN's prediction, from arrays to arrays, by number of steps."""
    results = {}
    for data, examples in PREDICTED.items():
        if quick and data != "Bibtex":
            continue
        gin_file, shape, params = TRAINED[data]["alen"]
        workload = Workload(gin_file, shape, params, count=min(64, examples) if quick else examples)
        x = workload.examples.x

        def predicting(steps, x=x, model=workload.model):
            return lambda: model.refine(x, steps)

        functions = {steps: predicting(steps) for steps in (STEPS[:2] if quick else STEPS)}
        seconds = timing.interleaved(functions, 1 if quick else 5)
        results[data] = {str(steps): round(len(x) / seconds[steps], 1) for steps in functions}
    return results


def change(quick):
    """The training step on Bibtex with one thing changed."""
    count, repetitions = (2, 1) if quick else (STEPS_TIMED, 15)
    seconds = _seconds_per_step(variants.variants("bibtex/alen", count), repetitions)
    workload = Workload("bibtex/alen", count=64)
    first_layer = timing.interleaved(variants.sparse_product(workload), repetitions)
    ours, unrefined = (statistics.median(seconds[name]) for name in ("ours", "no refinement"))
    return timing.against_first(seconds) | {
        "refinement_step_share": round(
            (ours - unrefined) / workload.model.refinement.steps / ours, 4
        ),
        "sparse_relative_to_dense": round(first_layer["sparse"] / first_layer["dense"], 3),
    }


def fit(quick):
    """Keras's `fit` against the loop of the command line: the same steps, on Bibtex's shapes."""
    epochs, examples, repetitions = (1, 40, 1) if quick else (FIT_EPOCHS, EXAMPLES["Bibtex"], 7)

    def steps():
        workload = Workload("bibtex/alen", count=examples)
        count = min(workload.batches.per_epoch, STEPS_TIMED)
        return workload.steps(count), count

    def fitting(per_call=FIT_STEPS, data_set=False, left=0):
        workload = Workload("bibtex/alen", count=examples + left)
        batches = workload.batches.per_epoch + (left > 0)
        return workload.fit(epochs, per_call, data_set), epochs * batches

    functions = {
        "the command line's loop": steps(),
        "fit on arrays": fitting(),
        "fit on arrays that do not fill the last batch": fitting(left=10),
        "fit on a tf.data.Dataset": fitting(data_set=True),
        "fit on arrays, one step per call": fitting(per_call=1),
    }
    return timing.against_first(_seconds_per_step(functions, repetitions)) | {
        "steps_per_execution": FIT_STEPS
    }


def rival(quick):
    """The same training loop in Keras's fit, PyTorch and JAX, side by side with ours, by size."""
    return {
        data: rivals.measure(size, quick)
        for data, size in rivals.SIZES.items()
        if not quick or data == "Bibtex"
    }


def cross_fitted(quick):
    """Training the copies of a cross-fitted g at once, against training one network."""
    count, repetitions = (2, 1) if quick else (STEPS_TIMED // 4, 9)
    return {
        data: members.measure(shape, count, repetitions)
        for data, shape in members.SHAPES.items()
        if not quick or data == "Bibtex"
    }


def _seconds_per_step(functions, repetitions):
    """Seconds of a step in each turn, by name, of functions that take turns: {name: (function,
    steps of a call)}."""
    alone = {name: function for name, (function, _) in functions.items()}
    turns = timing.turns(alone, repetitions)
    return {name: [each / functions[name][1] for each in found] for name, found in turns.items()}


def products(quick):
    """The training step's matrix products and convolutions, computed alone, and the bytes that it
    moves, against the step, by shapes and precision."""
    return {
        name if precision == "float32" else f"{name}, {precision}": floors.measure(
            make, precision, *((2, 1) if quick else floors.REPEATED[name])
        )
        for name, make in floors.WORKLOADS.items()
        for precision in floors.precisions(name)
        if not quick or (name, precision) == ("Bibtex", "float32")
    }


def cost(quick):
    """How a step's time grows along every axis."""
    axes = {"labels": (50, 100)} if quick else growth.AXES
    count, repetitions = (2, 1) if quick else (10, 7)
    return {axis: growth.measure(axis, sizes, count, repetitions) for axis, sizes in axes.items()}


def start(quick):
    """CPU seconds of a training command of one epoch: start, data, compilation, evaluation,
    pictures; and of its imports alone."""
    del quick

    def spent(*command):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *command], cwd=runs.ROOT, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    with tempfile.TemporaryDirectory() as folder:
        training = spent(
            *("-m", "alen_tf.train", "--gin_file=gin/digits/alen.gin"),
            *("--gin_param=train.epochs = 1", f"--workdir={folder}/run"),
        )
    code = "from alen_tf.training import config, trainer; config._import_configurables()"
    imports = spent("-c", code)
    return {"imports_seconds": round(imports, 2), "one_epoch_seconds": round(training, 2)}


def time_to_score(quick):
    """Training seconds until ALEN and DVN reach scores on Bibtex's validation split."""
    targets, epochs = ((0.05,), 1) if quick else ((0.35, 0.40, 0.43), 100)
    places = (flags.FLAGS.data_dir, flags.FLAGS.manual_dir)
    return {
        method: score.seconds_to(f"bibtex/{method}", targets, *places, epochs)
        for method in ("alen", "dvn")
    }


ALL = {
    "training": training,
    "prediction": prediction,
    "change": change,
    "fit": fit,
    "rival": rival,
    "cross_fitted": cross_fitted,
    "products": products,
    "cost": cost,
    "start": start,
    "time_to_score": time_to_score,
}
DEFAULT = [name for name in ALL if name != "time_to_score"]  # needs Bibtex's files
