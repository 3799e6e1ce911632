"""What TensorBoard would show of a run."""

import tensorflow as tf
from tensorboard.compat.proto.event_pb2 import Event


def values(workdir):
    """Yields (train or eval, step, value as the event file has it) of a run's event files."""
    for path in sorted(workdir.rglob("events.out.tfevents.*")):
        for record in tf.data.TFRecordDataset(str(path)):
            event = Event.FromString(record.numpy())
            for value in event.summary.value:
                yield path.parent.name, event.step, value
