"""What a user reads of an error."""

import pytest

from alen_tf.errors import UserError


def wrong(read, *parts):
    """Calling `read` raises an error of one line that has all `parts`."""
    with pytest.raises(UserError) as caught:
        read()
    message = str(caught.value)
    assert "\n" not in message
    for part in parts:
        assert part in message
