"""How true ALEN's confidence is on Bibtex: python -m experiments.calibration.

Writes docs/calibration.png: expected against true F1, and F1 of the most confident predictions.
"""

from absl import app

from experiments import runs

NAME = "calibration"
RUN = runs.Run("gin/bibtex/alen.gin", 0)


def main(argv):
    del argv
    from alen_tf.evaluation import calibration

    (results,) = runs.train(NAME, [RUN])
    print(calibration.table(results))
    runs.save(calibration.figure(results), NAME)


if __name__ == "__main__":
    app.run(main)
