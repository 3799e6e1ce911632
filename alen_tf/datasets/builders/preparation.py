"""The preparation of a data set, once per machine."""

import urllib.request

import tensorflow_datasets as tfds

from alen_tf.errors import DataError


def prepare(builder, manual_dir, urls=()):
    """Downloads the data, or takes it from the manual directory, and prepares it once.

    Raises:
      DataError: the source cannot be reached.
    """
    if builder.is_prepared():
        return
    if manual_dir is None:
        _reach(builder, urls[0])
    download_config = tfds.download.DownloadConfig(manual_dir=manual_dir)
    builder.download_and_prepare(download_config=download_config)


def _reach(builder, url):
    """Checks once whether `url` responds: TFDS itself retries for minutes."""
    request = urllib.request.Request(url, method="HEAD")
    try:
        urllib.request.urlopen(request, timeout=20).close()
    except OSError as error:
        raise DataError(
            f"{builder.name}: not in {builder.data_dir}, and {url} cannot be reached ({error}); "
            f"get the files yourself, put them in DIR/{builder.name}/ and pass --manual_dir=DIR"
        ) from error
