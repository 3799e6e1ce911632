"""How accurate ALEN's confidence is on Bibtex: python -m experiments.calibration.

Writes docs/calibration.png: expected against true F1, and F1 of the most confident predictions.
"""

import sys

from absl import app

from experiments import runs, style

NAME = "calibration"
RUN = runs.Run("gin/bibtex/alen.gin", 0)


def main(argv):
    del argv
    (results,) = runs.train(NAME, [RUN])
    if results is None:
        sys.exit(f"{RUN.command} is not recorded: leave out --norun")
    from alen_tf.evaluation import calibration

    style.apply()
    print(calibration.table(results))
    runs.save(calibration.figure(results), NAME)


if __name__ == "__main__":
    app.run(main)
