"""Small trained models of digits and Bibtex, to try `predict` on at once.

    python examples/small_models.py [--manual_dir=DIR] [--data_dir=DIR] [--folder=runs/small]

trains each in seconds, with the networks of its gin file in a fraction of the epochs, keeps ten
test inputs beside it, and prints the commands that predict them and that export it. Bibtex is
downloaded unless --manual_dir has it. Existing models are kept.
"""

import argparse
import pathlib
import subprocess
import sys

import numpy as np

from alen_tf import startup

EPOCHS = {"digits": 8, "bibtex": 6}  # of 100 and of 80
ROWS = 10


def build(name, folder, places):
    """Trains the model of a data set into FOLDER/NAME and writes FOLDER/NAME.npz.

    Args:
      name: of a data set in `EPOCHS`.
      folder: a path.
      places: options that say where data is.

    Returns:
      What the training printed.
    """
    options = [f"--gin_file=gin/{name}/alen.gin", f"--gin_param=train.epochs = {EPOCHS[name]}"]
    command = [sys.executable, "-m", "alen_tf.train", *options, f"--workdir={folder / name}"]
    done = subprocess.run([*command, *places], stdout=subprocess.PIPE, text=True)
    if done.returncode:  # which the command has explained on stderr
        sys.exit(done.returncode)
    from alen_tf.serving import trained

    of = dict(place.removeprefix("--").split("=", 1) for place in places)
    _, splits, _ = trained.restore(folder / name, **of)
    np.savez(folder / f"{name}.npz", x=splits.test.x[:ROWS])
    return done.stdout


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("runs/small"))
    parser.add_argument("--manual_dir")
    parser.add_argument("--data_dir")
    given = parser.parse_args(arguments)
    startup.start()  # quietly
    places = [
        f"--{name}={getattr(given, name)}"
        for name in ("manual_dir", "data_dir")
        if getattr(given, name)
    ]
    given.folder.mkdir(parents=True, exist_ok=True)
    for name in EPOCHS:
        printed = build(name, given.folder, places).splitlines()
        path = given.folder / name
        scores = next(line for line in printed if line.startswith("refined, tuned"))
        print(f"{name}: {scores}")
        print(f"python -m alen_tf.predict --workdir={path} --input={path}.npz --output={path}.csv")
        print(f"python -m alen_tf.export --workdir={path} --output={path}-model/1", flush=True)


if __name__ == "__main__":
    main()
