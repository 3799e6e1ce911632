"""LFW part labels (Kae et al., CVPR 2013): faces, and background, skin or hair at every pixel."""

import io
import pathlib
import re

import numpy as np
import tensorflow_datasets as tfds

from alen_tf.datasets.archives import Archive
from alen_tf.datasets.readers import tags
from alen_tf.datasets.readers.resized import shrunk
from alen_tf.datasets.splits import check_disjoint
from alen_tf.errors import DataError

COLOURS = ((0, 0, 255), (0, 255, 0), (255, 0, 0))
FULL, SIZE, FINEST = 250, 32, 128
SOURCE = "http://vis-www.cs.umass.edu/lfw/part_labels/"
IMAGES = "lfw-funneled.tgz"
IMAGES_URL = "https://ndownloader.figshare.com/files/5976015"
IMAGES_SHA256 = "b47c8422c8cded889dc5a13418c4bc2abbda121092b3533a83306f90d900100a"
MASKS = "parts_lfw_funneled_gt_images.tgz"
SUPERPIXELS = "parts_lfw_funneled_superpixels_mat.tgz"
LISTS = {
    "train": "parts_train.txt",
    "validation": "parts_validation.txt",
    "test": "parts_test.txt",
}


class LfwParts(tfds.core.GeneratorBasedBuilder):
    """Images at 32x32 and at 128x128, and 250x250 maps of classes and of superpixels, in the order
    of the lists."""

    VERSION = tfds.core.Version("1.2.0")
    MANUAL_DOWNLOAD_INSTRUCTIONS = (
        f"Put {MASKS} and {', '.join(LISTS.values())} of {SOURCE} in <manual_dir>/lfw_parts/, and "
        f"there, if you have them, {IMAGES} (downloaded otherwise) and {SUPERPIXELS} (superpixels "
        "are computed otherwise)."
    )

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description=__doc__,
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(SIZE, SIZE, 3)),
                    "finest": tfds.features.Image(shape=(FINEST, FINEST, 3)),
                    "classes": tfds.features.Image(shape=(FULL, FULL, 1)),
                    "superpixels": tfds.features.Image(shape=(FULL, FULL, 1), dtype=np.uint16),
                }
            ),
            homepage=SOURCE,
            metadata=tfds.core.MetadataDict(),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        folder = pathlib.Path(dl_manager.manual_dir) / "lfw_parts"
        images = folder / IMAGES
        if not images.is_file():
            images = dl_manager.download(IMAGES_URL)
            tags.verify(images, IMAGES_SHA256)
        official = official_superpixels(dl_manager.manual_dir)
        self.info.metadata["superpixels"] = "official" if official else "SLIC"
        names = {split: read_names(folder / name) for split, name in LISTS.items()}
        check_disjoint(f"{folder}:", names)
        files = _Files(images, folder / MASKS, official)
        return {
            split: self._generate_examples(listed, files, split != "train")
            for split, listed in names.items()
        }

    def _generate_examples(self, names, files, scored):
        for key, name in enumerate(names):
            image, classes = files.image(name), files.classes(name)
            # Training never looks at superpixels.
            superpixels = files.superpixels(name, image) if scored else np.zeros_like(classes)
            yield (
                key,
                {
                    "image": shrunk(image, (SIZE, SIZE)),
                    "finest": shrunk(image, (FINEST, FINEST)),
                    "classes": classes[..., None],
                    "superpixels": superpixels[..., None].astype(np.uint16),
                },
            )


def read_split(builder, split, finest):
    """The prepared examples of a split, a list; without `finest` these images stay encoded."""
    dataset = builder.as_dataset(
        split=split,
        shuffle_files=False,
        read_config=tfds.ReadConfig(interleave_cycle_length=1),
        decoders=None if finest else {"finest": tfds.decode.SkipDecoding()},
    )
    return list(dataset.as_numpy_iterator())


class _Files:
    """The members of the three archives, by the name of a face."""

    def __init__(self, images, masks, superpixels):
        self._images = Archive(images)
        self._masks = Archive(masks)
        self._superpixels = Archive(superpixels) if superpixels else None

    def image(self, name):
        """A face, 250x250 RGB."""
        return self._images.image(f"{name}.jpg", (FULL, FULL))

    def classes(self, name):
        """The class of every pixel, uint8 [250, 250]."""
        file = f"{name}.ppm"
        colours = np.asarray(self._masks.image(file, (FULL, FULL)))
        is_class = [np.all(colours == colour, axis=-1) for colour in COLOURS]
        if not np.all(np.any(is_class, axis=0)):
            strange = colours[~np.any(is_class, axis=0)][0]
            raise DataError(
                f"{self._masks.path}: {file}: colour {tuple(map(int, strange))} is not a class; "
                f"expected {', '.join(map(str, COLOURS))}"
            )
        return np.argmax(is_class, axis=0).astype(np.uint8)

    def superpixels(self, name, image):
        """The superpixel of every pixel, integers [250, 250] from 0."""
        if self._superpixels is None:
            return slic(image)
        file = f"{name}.dat"
        try:
            return np.loadtxt(io.BytesIO(self._superpixels.read(file)), np.int64).reshape(
                FULL, FULL
            )
        except ValueError as error:
            raise DataError(f"{self._superpixels.path}: {file}: {error}") from error


def slic(image):
    """About 250 superpixels of an image (Achanta et al. 2012), integers [height, width]."""
    try:
        from skimage.segmentation import slic
    except ImportError as error:
        raise DataError(
            f"lfw_parts: without {SUPERPIXELS} in the manual directory superpixels are computed by "
            "scikit-image: pip install 'alen_tf[images]'"
        ) from error
    return slic(np.asarray(image), n_segments=250, compactness=10.0, start_label=0)


def official_superpixels(manual_dir):
    """The archive of the official superpixels, or None where the manual directory has none."""
    path = pathlib.Path(manual_dir or "").expanduser() / "lfw_parts" / SUPERPIXELS
    return path if path.is_file() else None


def read_names(path):
    """The faces of a list, "Name_0001", one "Name number" per line.

    Raises:
      DataError: the file cannot be read, is malformed or empty.
    """
    names = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", "not UTF-8")
        raise DataError(f"{path}: cannot be read: {reason}; see {SOURCE}") from error
    for number, line in enumerate(lines, start=1):
        person, _, count = line.strip().partition(" ")
        if line.strip() and not re.fullmatch("[0-9]{1,4}", count):
            raise DataError(f"{path}, line {number}: expected a name and a number, not {line!r}")
        if line.strip():
            names.append(f"{person}_{int(count):04d}")
    if not names:
        raise DataError(f"{path}: lists no face")
    return names
