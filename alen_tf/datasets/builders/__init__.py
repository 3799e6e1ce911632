"""The data sets of TFDS: after `import alen_tf.datasets.builders.bibtex`,
`tfds.load("bibtex")` works.

The loaders that gin files name import them on demand, so training on other data does not need TFDS.
"""
