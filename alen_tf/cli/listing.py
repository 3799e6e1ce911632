"""What there is to run: the commands, and the configurations that come with the package."""

from alen_tf.training.config import GIN_DIR

COMMANDS = {
    "train": "trains a model, resumably, and evaluates it on the test split",
    "evaluate": "scores a trained model after every inference step",
    "predict": "predicts a user's own rows or images",
    "export": "writes a SavedModel with the refinement inside",
    "shards": "writes files for training on more rows than memory holds",
}


def commands():
    """The commands, one line each."""
    lines = [f"  python -m alen_tf.{name:<10} {does}" for name, does in COMMANDS.items()]
    return "\n".join(["Commands (--help shows their options):", *lines])


def configurations():
    """The gin files, as `--gin_file` takes them from any folder, one line each."""
    files = sorted(path.relative_to(GIN_DIR).as_posix() for path in GIN_DIR.rglob("*.gin"))
    return "\n".join(["Configurations, for --gin_file:", *(f"  gin/{file}" for file in files)])
