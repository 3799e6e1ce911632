"""The benchmark's results as Markdown tables, for the terminal and for docs/performance.md."""

from experiments import runs

QUARTILES = "quartiles over turns"


def training(result):
    """Steps and examples per second."""
    rows = [
        [
            data,
            method,
            str(found["batch"]),
            f"{found['steps_per_second']:,.1f}",
            f"{found['examples_per_second']:,.0f}",
            f"{found['time_relative_to_alen']:.2f}",
        ]
        for data, methods in result["training"].items()
        for method, found in methods.items()
    ]
    header = ["shapes", "method", "batch", "steps/s", "examples/s", "time of a step, ALEN = 1"]
    return runs.markdown(header, rows)


def prediction(result):
    """Examples per second by number of inference steps."""
    found = result["prediction"]
    steps = list(next(iter(found.values())))
    rows = [[data, *(_rate(rates[step]) for step in steps)] for data, rates in found.items()]
    return runs.markdown(["shapes", *(f"{step} steps" for step in steps)], rows)


def _rate(number):
    return f"{number:,.0f}" if number >= 10 else f"{number:.1f}"


def _against_ours(found):
    return [
        [
            name,
            f"{ms:.3f}",
            f"{found['relative'][name]:.2f}",
            "{:.2f} to {:.2f}".format(*found["spread"][name]) if "spread" in found else "-",
        ]
        for name, ms in found["ms"].items()
    ]


def change(result):
    """Our step with one thing changed."""
    found = result["change"]
    table = runs.markdown(
        ["training step on Bibtex", "ms", "ours = 1", QUARTILES], _against_ours(found)
    )
    return (
        f"{table}\n\nA refinement step costs {found['refinement_step_share']:.1%} of a training "
        "step; the first layer's two products\nwith sparse words take "
        f"{found['sparse_relative_to_dense']:.2f} times as long as dense."
    )


def fit(result):
    """Keras's `fit` against the loop of the command line."""
    found = result["fit"]
    table = runs.markdown(
        ["training step on Bibtex", "ms", "loop = 1", QUARTILES], _against_ours(found)
    )
    calls = f"One call runs {found['steps_per_execution']} steps, except in the last row."
    return f"{table}\n\n{calls}"


def rival(result):
    """Keras, PyTorch and JAX against ours."""
    tables, by_size = [], result["rival"]
    if "ms" in by_size:  # an older record, of one size
        by_size = {"Bibtex": by_size | {"not measured": {}}}
    for data, found in by_size.items():
        header = [f"training step, {data}", "ms", "ours = 1", QUARTILES]
        missing = [[name, "not measured", why, "-"] for name, why in found["not measured"].items()]
        tables.append(runs.markdown(header, _against_ours(found) + missing))
    return "\n\n".join(tables)


def cross_fitted(result):
    """The copies of a cross-fitted g against one network."""
    return "\n\n".join(
        runs.markdown(
            [f"training step, {data}", "ms", "one network = 1", QUARTILES], _against_ours(found)
        )
        for data, found in result["cross_fitted"].items()
    )


def products(result):
    """The floors."""
    rows = [
        [
            data,
            f"{found['megaflop_per_step']:,.1f}",
            f"{found['step_ms']:.3f}",
            f"{found['products_alone_ms']:.3f}",
            f"{found['share_of_products']:.0%}",
            f"{found['peak_gigaflops']:.0f}",
            f"{found['share_of_peak']:.0%}",
            *_of_memory(found),
        ]
        for data, found in result["products"].items()
    ]
    header = ["shapes", "Mflop per step", "step, ms", "its products alone, ms", "share"]
    header += ["Gflop/s of a 1024x1024 product", "share of that rate"]
    return runs.markdown(
        [*header, "MB per step", "GB/s of an addition", "share of that rate"], rows
    )


def _of_memory(found):
    if "megabytes_per_step" not in found:  # of an older record
        return ["-", "-", "-"]
    return [
        f"{found['megabytes_per_step']:,.1f}",
        f"{found['gigabytes_per_second']:.1f}",
        f"{found['share_of_bandwidth']:.0%}",
    ]


def cost(result):
    """How cost grows."""
    rows = []
    for axis, found in result["cost"].items():
        first, last = found["sizes"][0], found["sizes"][-1]
        rows.append(
            [
                f"{axis}, {first:,} to {last:,}",
                f"{found['ms'][0]:.2f} to {found['ms'][-1]:.2f}",
                f"{1e3 * found['ms_per_unit']:.3g}",
                f"{found['r2']:.3f}",
                _exponents(found),
                f"{found['mib'][0]:.0f} to {found['mib'][-1]:.0f}",
            ]
        )
    header = ["along", "ms per step", "µs per unit", "r² of a straight line"]
    header += ["exponent: all sizes, last doubling", "MiB at most"]
    return runs.markdown(header, rows)


def _exponents(found):
    if "exponent" not in found:  # of an older record
        return "-"
    return f"{found['exponent']:.2f}, {found['last_exponent']:.2f}"


def start(result):
    """Start-up."""
    found = result["start"]
    rows = [
        ["imports", f"{found['imports_seconds']:.1f}"],
        ["one epoch on digits, all in all", f"{found['one_epoch_seconds']:.1f}"],
    ]
    return runs.markdown(["start", "CPU seconds"], rows)


def time_to_score(result):
    """Time until a validation score."""
    rows = [
        [
            method,
            target,
            f"{reached['seconds']:.1f}" if reached else "not reached",
            str(reached["epochs"]) if reached else "-",
        ]
        for method, found in result["time_to_score"].items()
        for target, reached in found.items()
    ]
    return runs.markdown(["method", "validation F1", "seconds of training", "epochs"], rows)


TABLES = {
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
