"""Archives to read."""

import gzip
import io
import tarfile


def tar(members):
    """The bytes of a tar file of {name: bytes}."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return file.getvalue()


def write_tar(path, members):
    """Writes a gzipped tar file of {name: bytes}."""
    path.write_bytes(gzip.compress(tar(members), compresslevel=1))
