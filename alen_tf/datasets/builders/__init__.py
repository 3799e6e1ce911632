"""The data sets of TFDS: after `import alen_tf.datasets.builders.bibtex`,
`tfds.load("bibtex")` works.

Apart from what gin files name, which imports them when data is asked for: whoever trains on other
data does without TFDS.
"""
