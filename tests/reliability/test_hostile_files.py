"""Hostile files: whatever a file holds, reading it gives data or a typed error that names it."""

import io
import json
import os
import random
import resource
import shutil
import signal
import zipfile
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image

from alen_tf import config, trained
from alen_tf.datasets import images, unnamed
from alen_tf.datasets.arff import read_arff
from alen_tf.datasets.files import files
from alen_tf.datasets.labelled_arff import xml_labels
from alen_tf.datasets.tables import read_table
from alen_tf.datasets.unnamed import read_libsvm, read_npz
from alen_tf.errors import UserError, WorkdirError
from alen_tf.interface import Interface
from alen_tf.workdir import Workdir, read_json
from tests.photographs import png_header

from .conftest import DIGITS, content

SECONDS = 10  # that reading one small file may take
MEGABYTES = 256  # by which it may enlarge this process


class Format(NamedTuple):
    """A kind of file: where it lies in the folder, how it is read, and what it holds undamaged."""

    name: str
    read: callable
    seeds: tuple[bytes, ...]


def npz(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


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


def image(kind, array, **options):
    file = io.BytesIO()
    Image.fromarray(array).save(file, kind, **options)
    return file.getvalue()


SHADES = np.arange(96, dtype=np.uint8).reshape(8, 12)
EXIF = Image.Exif()
EXIF[0x0112] = 6  # an orientation
XML = b"""<?xml version="1.0" encoding="utf-8"?>
<labels xmlns="http://mulan.sourceforge.net/labels">
<label name="a"></label><label name="b &amp; c"><label name="d"/></label>
</labels>
"""
CSV = b'a,"b, c",d\n1,2.5,0\n-3e2,?,1\n"4",,1\n'
NPZ = npz(x=np.arange(40, dtype=np.float32).reshape(20, 2), y=np.eye(20, 2, -9, np.uint8))
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
GIN = "\n".join(["include 'gin/digits/alen.gin'", *DIGITS.params]).encode()

FORMATS = [
    Format("dense.arff", read_arff, (DENSE,)),
    Format("sparse.arff", read_table, (SPARSE,)),
    Format("labels.xml", xml_labels, (XML,)),
    Format("own.csv", read_table, (CSV,)),
    Format("x.npz", lambda path: read_npz(path, "x"), (NPZ,)),
    Format("own.npz", lambda path: files(train=str(path)), (NPZ,)),
    Format("own.svm", read_libsvm, (LIBSVM,)),
    Format(
        "photograph.jpg",
        images.read_image,
        (image("JPEG", SHADES, exif=EXIF), image("PNG", np.stack([SHADES] * 3, -1), exif=EXIF)),
    ),
    Format(
        "mask.png",
        lambda path: images.read_mask(path, ("object",)),
        (image("PNG", SHADES % 2), image("PNG", SHADES % 2 == 0)),
    ),
    Format(
        "strokes.png",
        lambda path: images.read_strokes(path, ("a", "b", "c")),
        (
            image("PNG", np.stack([SHADES % 3, SHADES // 48 * 255], -1)),
            image("PNG", SHADES % 3, transparency=2),
        ),
    ),
    Format("model.json", Interface.read, (JSON,)),
    Format("results.json", read_json, (b'{"test": {"refined": 0.5, "by_step": [1e-3, null]}}',)),
    Format("run.gin", lambda path: config.parse([path]), (GIN,)),
]

# What readers stumble over, wherever it stands.
TOKENS = [
    *(b"", b"\0", b"\n", b"\r", b'"', b"'", b",", b"{", b"}", b"%", b"%s", b"?", b"\xff\xfe"),
    *(b"-1", b"0", b"1e999", b"nan", b"-inf", b"999999999999", b"1_0", b"\xd9\xa3", b"2147483648"),
    *(
        b"@data",
        b"@attribute",
        b"<!ENTITY a 'aaaa'>",
        b"&a;",
        b"<!DOCTYPE a [",
        b"]]>",
        b"<![CDATA[",
    ),
    *(
        b"[" * 2000,
        b"a" * 5000,
        b"0:1",
        b"99999999999999999999:1",
        b"\\",
        b"../../x",
        b"/etc/passwd",
    ),
]


def mutated(data, rng):
    """`data` with one to four changes."""
    data = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        place = rng.randrange(len(data) + 1)
        end = min(len(data), place + rng.choice([1, 2, 8, 40]))
        kind = rng.randrange(7)
        if kind == 0 and place < len(data):
            data[place] ^= 1 << rng.randrange(8)
        elif kind == 1:
            data[place:end] = rng.randbytes(end - place)
        elif kind == 2:
            del data[place:end]
        elif kind == 3:
            data[place:place] = data[place:end] * rng.choice([1, 2, 100])
        elif kind == 4:
            data[place:place] = rng.choice(TOKENS)
        elif kind == 5:
            data[place:end] = rng.choice(TOKENS)
        else:
            del data[place:]
    return bytes(data)


@pytest.fixture
def in_time():
    """Interrupts what takes too long."""

    def late(*_):
        raise AssertionError("reading does not end")

    before = signal.signal(signal.SIGALRM, late)
    yield lambda: signal.alarm(SECONDS)
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def peak():
    """The largest size of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def survives(read, path):
    """Reads a file; the error that it ends in must be typed and name the file."""
    try:
        read(path)
    except UserError as error:
        message = str(error)
    else:
        return True
    assert str(path) in message.splitlines()[0]
    return False


COUNTS = [pytest.param(40, id="few"), pytest.param(1200, id="many", marks=pytest.mark.slow)]


@pytest.mark.promise("Hostile files: data or a typed error that names the file, whatever it holds")
@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("format", FORMATS, ids=lambda format: format.name)
def test_mutated(tmp_path, faults, in_time, format, count):
    path = tmp_path / format.name
    for seed in format.seeds:
        path.write_bytes(seed)
        assert survives(format.read, path), "the undamaged file is read"
    before = peak()
    for seed in range(count):
        rng = random.Random(seed)
        data = mutated(rng.choice(format.seeds), rng)
        path.write_bytes(data)
        in_time()
        try:
            survives(format.read, path)
        except BaseException as error:
            raise AssertionError(f"{format.name}, seed {seed}: {data[:300]!r}") from error
        assert os.listdir(tmp_path) == [format.name]
        assert path.read_bytes() == data
    assert peak() - before < MEGABYTES
    faults(count)


def huge_npz(shape):
    """An NPZ file whose header says that it has an array of this shape, of which 8 bytes follow."""
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    array = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + bytes(8)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.npy", array)
        archive.writestr("y.npy", array)
    return file.getvalue()


ENTITIES = b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">' + b"".join(
    b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(12)
)
HUGE = {
    "png says 10^5 x 10^5": ("mask.png", png_header(10**5, 10**5)),
    "png says 2^31 x 2^31": ("photograph.jpg", png_header(2**31 - 1, 2**31 - 1)),
    "png says 8193 x 8192": ("photograph.jpg", png_header(8193, 8192)),
    "png with a comment that grows to 10 MB": ("strokes.png", png_header(8, 8, comment=10**7)),
    "npz says 10^12 rows": ("own.npz", huge_npz((10**12, 2))),
    "npz says 2^62 x 2^62": ("own.npz", huge_npz((2**62, 2**62))),
    "npz of a negative shape": ("own.npz", huge_npz((-1, 2))),
    "npz of fewer rows than it says": ("x.npz", huge_npz((10**8, 2))),
    "sparse arff, index 10^12": ("sparse.arff", SPARSE.replace(b"2 1", b"1000000000000 1")),
    "sparse arff, index 2^31": ("sparse.arff", SPARSE.replace(b"2 1", b"2147483648 1")),
    "libsvm, index 10^9": ("own.svm", b"1 1:1\n2 1000000000:1\n"),
    "libsvm, index 2^31": ("own.svm", b"1 1:1\n2 2147483648:1\n"),
    "libsvm, index 10^20": ("own.svm", b"1 1:1\n2 100000000000000000000:1\n"),
    "xml, a billion laughs": ("labels.xml", ENTITIES + b"]><labels><label name='&m;'/></labels>"),
    "xml, an outer file": (
        "labels.xml",
        b'<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]><l><label name="&a;"/></l>',
    ),
    "xml in UTF-16 with entities": (
        "labels.xml",
        (
            '<?xml version="1.0" encoding="utf-16"?>' + ENTITIES.decode() + "]><label name='&m;'/>"
        ).encode("utf-16"),
    ),
    "json, nested deeply": ("results.json", b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "json of a long number": ("results.json", b'{"a": ' + b"9" * 10_000 + b"}"),
    "json, a shape that is none": ("model.json", JSON.replace(b"[3]", b"[-1e9]")),
    "csv with NUL": ("own.csv", b"a,b\n1,\x00\n"),
    "csv with a field of 10 MB": ("own.csv", b'a,b\n1,"' + b"1" * 10_000_000 + b'"\n'),
}


@pytest.mark.promise("Hostile files: sizes are bounded before memory is; no XML entity is expanded")
@pytest.mark.parametrize("case", HUGE)
def test_huge(tmp_path, faults, in_time, case):
    name, data = HUGE[case]
    (format,) = (format for format in FORMATS if format.name == name)
    path = tmp_path / name
    path.write_bytes(data)
    before = peak()
    in_time()
    assert not survives(format.read, path)
    assert peak() - before < MEGABYTES
    faults()


class Pickled:
    """Makes a file where it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.promise("Hostile files: no pickle is loaded")
def test_no_pickle_is_loaded(tmp_path, faults):
    trap = tmp_path / "trap"
    objects = np.array([[Pickled(trap)]], dtype=object)
    np.savez(tmp_path / "own.npz", x=objects, y=objects)
    np.save(tmp_path / "plain.npy", objects)
    (tmp_path / "plain.npy").rename(tmp_path / "plain.npz")
    for name in ("own.npz", "plain.npz"):
        assert not survives(lambda path: read_npz(path, "x"), tmp_path / name)
        faults()
    assert not trap.exists()


def read_workdir(path):
    Workdir(path).read_config()
    trained.load(path)


@pytest.mark.promise(
    "Hostile files: a workdir with any byte of its JSON or gin files changed is named"
)
def test_mutated_workdir(half, undisturbed, faults):
    run = undisturbed()
    originals = {
        path: path.read_bytes()
        for path in run.rglob("*")
        if path.suffix in (".json", ".gin") and path.name != "results.json"
    }
    assert {"config.gin", "model.json", "provenance.json", "progress.json"} <= {
        path.name for path in originals
    }
    before = content(run)
    try:
        for path, data in originals.items():
            if "latest" in path.parts:
                continue
            for seed in range(15):
                path.write_bytes(mutated(data, random.Random(seed)))
                if path.read_bytes() != data:
                    survives(read_workdir, run)
                    faults()
            path.write_bytes(data)
    finally:
        for path, data in originals.items():
            path.write_bytes(data)
    assert content(run) == before


@pytest.mark.promise("Hostile files: sizes in a workdir are those of its checkpoint, or refused")
def test_huge_model(tmp_path, undisturbed, faults):
    run = shutil.copytree(undisturbed(), tmp_path / "run")
    model = json.loads((run / "model.json").read_text())
    (run / "model.json").write_text(json.dumps(model | {"input_shape": [10**12]}))
    with pytest.raises(WorkdirError, match=r"model.json is damaged: shapes \(\(1000000000000,\)"):
        trained.load(run)
    faults()


def test_an_array_that_is_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr(unnamed, "LARGEST_ARRAY", 39)
    (tmp_path / "own.npz").write_bytes(NPZ)
    with pytest.raises(UserError, match="40 numbers, more than 39"):
        read_npz(tmp_path / "own.npz", "x")
