"""Hostile files: whatever a file holds, reading it gives data or a typed error that names it."""

import gzip
import io
import os
import random
import signal
import struct
import tarfile
import zipfile
import zlib

import numpy as np
import pytest

from alen_tf.datasets import archives
from alen_tf.datasets.archives import Archive
from alen_tf.datasets.readers import unnamed
from alen_tf.datasets.readers.unnamed import read_npz
from alen_tf.errors import DataError, UserError
from tests.archives import tar
from tests.photographs import png_header

from .conftest import content
from .formats import FORMATS, JSON, NPZ, SHEET_XML, SPARSE
from .hostile import MEGABYTES, mutated, peak, survives

SECONDS = 10  # that reading one small file may take


class TooLate(BaseException):
    """Reading does not end; no `except Exception` holds it up."""


@pytest.fixture
def in_time():
    """Interrupts what takes too long."""

    def late(*_):
        raise TooLate

    before = signal.signal(signal.SIGALRM, late)
    yield lambda: signal.alarm(SECONDS)
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


COUNTS = [pytest.param(40, id="few"), pytest.param(1200, id="many", marks=pytest.mark.slow)]


@pytest.mark.promise("Hostile files: any content gives data, or a typed error that names the file")
@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("format", FORMATS, ids=lambda format: format.name)
def test_mutated(tmp_path, faults, in_time, format, count):
    path = tmp_path / format.name
    for seed in format.seeds:
        path.write_bytes(format.packed(seed))
        assert survives(format.read, path), "the undamaged file is read"
    before = peak()
    for seed in range(count):
        rng = random.Random(seed)
        damaged = mutated(rng.choice(format.seeds), rng)
        path.write_bytes(data := format.packed(damaged))
        in_time()
        try:
            survives(format.read, path)
        except BaseException as error:
            raise AssertionError(f"{format.name}, seed {seed}: {damaged[:300]!r}") from error
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


def header(size, name="face.jpg", kind=tarfile.REGTYPE):
    """The header of a tar file's member of this size."""
    member = tarfile.TarInfo(name)
    member.size, member.type = size, kind
    return member.tobuf(tarfile.GNU_FORMAT)


def extended(key, value):
    """A tar file's extended header with one record, and a member that it describes."""
    record = f" {key}={value}\n"
    record = f"{len(record) + 2}{record}".encode()
    start = header(len(record), "pax", tarfile.XHDTYPE)
    return start + record.ljust(512, b"\0") + header(0)


def zeros(count):
    """A gzipped tar file whose single member is so many zeros."""
    file = io.BytesIO()
    with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=1) as packed:
        packed.write(header(count))
        for _ in range(count // 2**20):
            packed.write(bytes(2**20))
    return file.getvalue()


def png(width, height):
    """A PNG file of 1 bit per pixel, all of them black: a few bytes for any size."""

    def chunk(kind, content):
        checked = kind + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    shape = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    parts = chunk(b"IHDR", shape) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


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
    "tar, a member of 2^60 bytes": ("tar.tgz", header(2**60)),
    "tar, a member of -512 bytes": ("tar.tgz", header(-512)),
    "tar, a long name of 2^40 bytes": ("tar.tgz", header(2**40, kind=tarfile.GNUTYPE_LONGNAME)),
    "tar, extended to 2^60 bytes": ("tar.tgz", extended("size", 2**60)),
    "tar, extended to -512 bytes": ("tar.tgz", extended("size", -512)),
    "tar, a sparse file of 2^60 bytes": ("tar.tgz", extended("GNU.sparse.size", 2**60)),
    "tar, a member of 64 MB of zeros": ("gzip.tgz", zeros(2**26)),
    "png of 10,000 x 10,000": ("photographs.tgz", png(10_000, 10_000)),
    "png of 2^31 x 2^31": ("photographs.tgz", png(2**31 - 1, 2**31 - 1)),
    "ppm of 10^6 x 10^6": ("photographs.tgz", b"P6 1000000 1000000 255\n"),
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
    "csv.gz, a line of 64 MB": ("own.csv.gz", b"a,b\n1," + b"1" * 2**26 + b"\n"),
    "jsonl.gz, a line of 64 MB": ("own.jsonl.gz", b'{"a": 1' + b"1" * 2**26 + b"}\n"),
    "arff.gz, a line of 64 MB": ("own.arff.gz", b"% " + b"1" * 2**26 + b"\n"),
    "csv.gz, a name of 64 MB": ("own.csv.gz", b"1" * 2**26),
    "xlsx, a cell of 80 MB": ("sheet.xlsx", SHEET_XML.replace(b"0.5", b"5" * 80_000_000)),
    "xlsx, a cell in column 16,384": ("sheet.xlsx", SHEET_XML.replace(b"B2", b"XFD2")),
    "xlsx with entities": ("sheet.xlsx", ENTITIES + b"]>" + SHEET_XML.replace(b"0.5", b"&m;")),
    "jsonl, nested deeply": ("own.jsonl", b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "csv with NUL": ("own.csv", b"a,b\n1,\x00\n"),
    "csv with a field of 10 MB": ("own.csv", b'a,b\n1,"' + b"1" * 10_000_000 + b'"\n'),
}


@pytest.mark.promise("Hostile files: sizes are checked before memory is used; XML is not expanded")
@pytest.mark.parametrize("case", HUGE)
def test_huge(tmp_path, faults, in_time, case):
    name, data = HUGE[case]
    (format,) = (format for format in FORMATS if format.name == name)
    path = tmp_path / name
    path.write_bytes(format.packed(data))
    before = peak()
    in_time()
    assert not survives(format.read, path)
    assert peak() - before < MEGABYTES
    faults()


@pytest.mark.promise("Hostile files: an archive is never unpacked, and its links are not followed")
@pytest.mark.parametrize("name", ["../face.jpg", "/face.jpg", "a/../../face.jpg"])
def test_archives_write_and_follow_nothing(tmp_path, faults, name):
    secret = tmp_path / "face.jpg"
    secret.write_bytes(b"secret")
    path = tmp_path / "in" / "faces.tgz"
    path.parent.mkdir()
    path.write_bytes(gzip.compress(tar({name: b"harmless"})))
    assert Archive(path).read("face.jpg") == b"harmless"
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE):
        link = tarfile.TarInfo("face.jpg")
        link.type, link.linkname = kind, str(secret) if name[0] == "/" else f"../{secret.name}"
        path.write_bytes(gzip.compress(link.tobuf() + tar({})))
        with pytest.raises(DataError, match=r"contains no face.jpg"):
            Archive(path).read("face.jpg")
        faults()
    assert content(tmp_path) == {secret: b"secret", path: path.read_bytes()}


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


def test_an_array_that_is_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr(unnamed, "LARGEST_ARRAY", 39)
    (tmp_path / "own.npz").write_bytes(NPZ)
    with pytest.raises(UserError, match="40 numbers, more than 39"):
        read_npz(tmp_path / "own.npz", "x")


def test_archives_of_too_many_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "LARGEST_ARCHIVE", 9)
    path = tmp_path / "faces.tgz"
    path.write_bytes(gzip.compress(tar({"a": b"12345", "b": b"6789"})))
    assert Archive(path).read("b") == b"6789"
    path.write_bytes(gzip.compress(tar({"a": b"12345", "b": b"67890"})))
    with pytest.raises(DataError, match=r"faces.tgz: cannot be read: it holds more than 9 bytes"):
        Archive(path)
