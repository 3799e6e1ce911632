"""The files that users may bring: how each is read, and what an undamaged one holds."""

import gzip
import io
import json
import pathlib
import zipfile
from typing import NamedTuple

import numpy as np
import openpyxl
from PIL import Image

from alen_tf.datasets.archives import Archive
from alen_tf.datasets.builders.lfw_parts import read_names
from alen_tf.datasets.readers.arff import read_arff
from alen_tf.datasets.readers.files import files
from alen_tf.datasets.readers.labels import read_labels, xml_labels
from alen_tf.datasets.readers.libsvm_parts import read_parts
from alen_tf.datasets.readers.masks import read_mask, read_strokes
from alen_tf.datasets.readers.photographs import read_image
from alen_tf.datasets.readers.preprocessing import Preprocessing
from alen_tf.datasets.readers.tables import read_table
from alen_tf.datasets.readers.unnamed import read_libsvm, read_npz
from alen_tf.datasets.shards import opened
from alen_tf.datasets.weizmann_horses import read_rows
from alen_tf.serving.trained import read_signature
from alen_tf.storage import read_json
from alen_tf.training import config
from tests.archives import tar

from .conftest import DIGITS


class Format(NamedTuple):
    """A kind of file: its name, how it is read, and what it holds undamaged.

    `packed` puts damaged content into an undamaged container, whose checksums would else hide it.
    """

    name: str
    read: callable
    seeds: tuple[bytes, ...]
    packed: callable = bytes


def npz(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def npz_of(array):
    """An NPZ file whose array x is in these bytes of an NPY file."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.npy", array)
    return file.getvalue()


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def tgz_of(image):
    """A gzipped tar file with an image of these bytes."""
    return gzip.compress(tar({"faces/face.jpg": image}), compresslevel=1)


def encoded(kind):
    """A small image in a file of this kind."""
    return image(kind, np.arange(SIDE**2 * 3, dtype=np.uint8).reshape(SIDE, SIDE, 3))


def image(kind, array, **options):
    file = io.BytesIO()
    Image.fromarray(array).save(file, kind, **options)
    return file.getvalue()


SIDE = 9
SHADES = np.arange(96, dtype=np.uint8).reshape(8, 12)
EXIF = Image.Exif()
EXIF[0x0112] = 6  # an orientation
DENSE = b"""@relation own
@attribute a numeric
@attribute 'b c' real
@attribute d {0,1}
@data
0.5,-1e3,1
% a comment
3,'4',0
"""
SPARSE = DENSE.partition(b"@data")[0] + b"@data\n{0 1.5, 2 1}\n{}\n{1 -2}\n"
XML = b"""<?xml version="1.0" encoding="utf-8"?>
<labels xmlns="http://mulan.sourceforge.net/labels">
<label name="a"></label><label name="b &amp; c"><label name="d"/></label>
</labels>
"""
CSV = b'a,"b, c",d\n1,2.5,0\n-3e2,?,1\n"4",,1\n'
WORDS = DENSE.replace(b"real", b"{'4',NO,\"a, b\"}").replace(b"-1e3", b"'a, b'")
JSON_LINES = b'{"a": 1.5, "b": true}\n{"b": null, "c": ["x", "y"]}\n'
SHEET = "xl/worksheets/sheet1.xml"
SHEET_XML = b"""<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">
<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c><c r="B1" t="inlineStr"><is>
<t>b</t></is></c></row><row r="2"><c r="A2"><v>0.5</v></c><c r="B2"><v>1</v></c></row></sheetData>
</worksheet>"""
NPZ = npz(x=np.arange(40, dtype=np.float32).reshape(20, 2), y=np.eye(20, 2, -9, np.uint8))
SHARDS = b"""{"features": 5, "label_names": ["1", "7"], "rows": [3, 4], "label_counts": [2, 6],
  "bytes": {}, "sha256": {}}"""
LIBSVM = b"1,3 1:0.5 7:2\n 2:1\n2 1:-1e3 # a comment\n"
JSON = json.dumps(
    {
        "input_shape": [3],
        "output_shape": [2],
        "label_names": ["sun", "sea"],
        "feature_names": ["a", "b", "c"],
        "threshold": 0.5,
    }
).encode()
TAR = tar({"faces/face.jpg": encoded("JPEG"), "faces/ann/other": b"text", "x" * 120: b""})
GIN = "\n".join(["include 'gin/digits/alen.gin'", *DIGITS.params]).encode()


def columns(path):
    """The columns of a table as features, but the last one as tags."""
    table = read_table(path)
    features = Preprocessing.fit(table, range(len(table.names) - 1), range(len(table)), "mean")
    return features(table), read_labels(table, table.names[-1:], separator="|")


def excel(sheet):
    """A workbook whose sheet is in these bytes."""
    file = io.BytesIO()
    book = openpyxl.Workbook()
    book.active.append(["a", "b"])
    book.active.append([0.5, "x"])
    book.save(file)
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(file) as parts,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name in parts.namelist():
            archive.writestr(name, sheet if name == SHEET else parts.read(name))
    return packed.getvalue()


def photograph(path):
    """The image that `tgz_of` packs."""
    return Archive(path).image("face.jpg", (SIDE, SIDE))


FORMATS = [
    Format("dense.arff", read_arff, (DENSE,)),
    Format("sparse.arff", columns, (SPARSE,)),
    Format("words.arff", columns, (WORDS,)),
    Format("labels.xml", xml_labels, (XML,)),
    Format("own.csv", columns, (CSV, CSV.replace(b",", b";"))),
    Format("own.csv.gz", columns, (CSV,), gzip.compress),
    Format("packed.csv.gz", columns, (gzip.compress(CSV),)),
    Format("own.jsonl", columns, (JSON_LINES,)),
    Format("own.jsonl.gz", columns, (JSON_LINES,), gzip.compress),
    Format("own.arff.gz", columns, (WORDS,), gzip.compress),
    Format("sheet.xlsx", columns, (SHEET_XML,), excel),
    Format("own.xlsx", columns, (excel(SHEET_XML),)),
    Format("x.npz", lambda path: read_npz(path, "x"), (NPZ,)),
    Format("array.npz", lambda path: read_npz(path, "x"), (npy(np.eye(3)),), npz_of),
    Format("own.npz", lambda path: files(train=str(path)), (NPZ,)),
    Format("own.svm", read_libsvm, (LIBSVM,)),
    Format("parts.svm", lambda path: list(read_parts(path)), (LIBSVM,)),
    Format("shards.json", lambda path: opened(pathlib.Path(path).parent), (SHARDS,)),
    Format("photographs.tgz", photograph, tuple(map(encoded, ("JPEG", "PNG", "PPM"))), tgz_of),
    Format("tar.tgz", Archive, (TAR,), gzip.compress),
    Format("gzip.tgz", Archive, (gzip.compress(TAR),)),
    Format(
        "photograph.jpg",
        read_image,
        (
            image("JPEG", SHADES, exif=EXIF),
            image("PNG", np.stack([SHADES] * 3, -1), exif=EXIF),
            image("TIFF", SHADES, exif=EXIF),
            image("TIFF", SHADES.astype(np.uint16), exif=EXIF, compression="tiff_lzw"),
            image("WEBP", SHADES, exif=EXIF),
        ),
    ),
    Format(
        "mask.png",
        lambda path: read_mask(path, ("object",)),
        (
            image("PNG", SHADES % 2),
            image("PNG", SHADES % 2 == 0),
            image("JPEG", SHADES // 48 * 255),
            image("WEBP", SHADES // 48 * 255, lossless=True),
        ),
    ),
    Format(
        "strokes.png",
        lambda path: read_strokes(path, ("a", "b", "c")),
        (
            image("PNG", np.stack([SHADES % 3, SHADES // 48 * 255], -1)),
            image("PNG", SHADES % 3, transparency=2),
        ),
    ),
    Format("train.txt", lambda path: read_rows(path, 14), (b"0\n13\n2\n",)),
    Format("parts_train.txt", read_names, (b"Ann_Other 3\nJo 0012\n\n",)),
    Format("model.json", read_signature, (JSON,)),
    Format("results.json", read_json, (b'{"test": {"refined": 0.5, "by_step": [1e-3, null]}}',)),
    Format("run.gin", lambda path: config.parse([path]), (GIN,)),
]
