"""The smallest ONNX models, written as protobuf by hand so that tests need no package to build them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FLOAT = 1


def varint(value: int) -> bytes:
    parts = []
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    return bytes([*parts, value])


def field(number: int, value: int | str | bytes) -> bytes:
    """One field of a protobuf message: a number, a text or an embedded message."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    payload = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def tensor(name: str, values: NDArray[np.float32]) -> bytes:
    """TensorProto: dims, data_type, name, raw_data."""
    dims = b"".join(field(1, side) for side in values.shape)
    return dims + field(2, FLOAT) + field(8, name) + field(9, values.astype("<f4").tobytes())


def described(name: str, shape: Sequence[int]) -> bytes:
    """ValueInfoProto of a float tensor of fixed shape."""
    dims = b"".join(field(1, field(1, side)) for side in shape)
    return field(1, name) + field(2, field(1, field(1, FLOAT) + field(2, dims)))


def node(operator: str, inputs: Sequence[str], output: str) -> bytes:
    return b"".join(field(1, name) for name in inputs) + field(2, output) + field(4, operator)


def constant_detector(size: tuple[int, int], answer: NDArray[np.float32]) -> bytes:
    """A model that answers `answer` times the brightest value of its picture [1, 3, height, width]."""
    width, height = size
    graph = (
        field(1, node("ReduceMax", ["images"], "brightest"))
        + field(1, node("Mul", ["answer", "brightest"], "scaled"))
        + field(1, node("Reshape", ["scaled", "shape"], "output0"))
        + field(2, "detector")
        + field(5, tensor("answer", answer))
        + field(5, int_tensor("shape", answer.shape))
        + field(11, described("images", (1, 3, height, width)))
        + field(12, described("output0", answer.shape))
    )
    return field(1, 8) + field(7, graph) + field(8, field(1, "") + field(2, 13))


def int_tensor(name: str, values: Sequence[int]) -> bytes:
    data = np.array(values, "<i8")
    return field(1, len(values)) + field(2, 7) + field(8, name) + field(9, data.tobytes())
