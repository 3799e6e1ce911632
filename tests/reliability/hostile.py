"""How files are damaged, and what reading them may end in."""

import resource

from alen_tf.errors import UserError

MEGABYTES = 256  # by which reading one small file may enlarge this process

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
