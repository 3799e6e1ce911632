"""Archives to read."""

import io
import tarfile


def write_tar(path, members):
    """Writes a gzipped tar file of {name: bytes}."""
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
