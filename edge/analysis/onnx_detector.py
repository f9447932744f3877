"""Detects objects with an ONNX model of the user, as Ultralytics exports YOLOv5 and YOLOv8."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.analysis.detector import BoundingBox

Floats = NDArray[np.float32]

METHOD: Final = "onnx"
_PADDING: Final = 114
_OVERLAP: Final = 0.45


class UnusableModel(ValueError):
    """The input or output of the model has no shape that is supported."""


class OnnxDetector:
    """One input `[1, 3, H, W]` (float32 RGB, 0..1) and one output: v8 `[1, 4 + n, boxes]` or v5 `[1, boxes, 5 + n]`, n
    labels.

    Boxes are (centre x, centre y, width, height) in pixels of the input.
    """

    def __init__(self, model: Path, labels: Sequence[str], confidence: float = 0.5, threads: int = 1) -> None:
        import onnxruntime  # optional, and a second of start-up that only its users should pay

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self._session: Any = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self._labels = tuple(labels)
        self._confidence = confidence
        self._input, self._size = _input_of(self._session.get_inputs())

    def analyse(self, bgr: NDArray[np.uint8]) -> tuple[BoundingBox, ...]:
        tensor, scale, (left, top) = letterboxed(bgr, self._size)
        output = np.asarray(self._session.run(None, {self._input: tensor})[0], np.float32)
        boxes, scores, classes = candidates(output, len(self._labels))
        likely = scores >= self._confidence
        boxes, scores, classes = boxes[likely], scores[likely], classes[likely]
        boxes[:, :2] -= (left, top)
        boxes /= scale
        return tuple(
            BoundingBox(
                self._labels[classes[selected]],
                round(float(scores[selected]), 3),
                _box(boxes[selected], bgr.shape[:2]),
                METHOD,
            )
            for selected in strongest(boxes, scores, classes)
        )


def letterboxed(bgr: NDArray[np.uint8], size: tuple[int, int]) -> tuple[Floats, float, tuple[int, int]]:
    """`bgr` is H x W x 3 uint8. Returns the tensor, the scale from picture to input, and the picture's corner (left,
    top) in it.
    """
    width, height = size
    scale = min(width / bgr.shape[1], height / bgr.shape[0])
    inner = (round(bgr.shape[1] * scale), round(bgr.shape[0] * scale))
    left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
    canvas = np.full((height, width, 3), _PADDING, np.uint8)
    canvas[top : top + inner[1], left : left + inner[0]] = cv2.resize(bgr, inner, interpolation=cv2.INTER_LINEAR)
    planes = canvas[:, :, ::-1].transpose(2, 0, 1)[np.newaxis]
    return np.ascontiguousarray(planes, np.float32) / np.float32(255), scale, (left, top)


def candidates(output: Floats, labels: int) -> tuple[Floats, Floats, NDArray[np.intp]]:
    """Boxes (n x 4 float32: centre x, centre y, width, height), their best scores (n) and classes (n)."""
    if output.ndim != 3 or output.shape[0] != 1:
        raise UnusableModel(f"the output has shape {output.shape}; [1, 4 + n, boxes] or [1, boxes, 5 + n] is needed")
    if output.shape[1] == 4 + labels:
        rows = output[0].T
        scores = rows[:, 4:]
    elif output.shape[2] == 5 + labels:
        rows = output[0]
        scores = rows[:, 5:] * rows[:, 4:5]
    else:
        raise UnusableModel(f"an output of shape {output.shape} does not go with {labels} labels")
    classes = scores.argmax(axis=1)
    return rows[:, :4].copy(), scores.max(axis=1), classes


def strongest(boxes: Floats, scores: Floats, classes: NDArray[np.intp]) -> list[int]:
    """Indices, best first, without boxes that overlap a better one of their class by more than 0.45 of the union."""
    selected: list[int] = []
    for candidate in np.argsort(-scores, kind="stable"):
        rivals = [other for other in selected if classes[other] == classes[candidate]]
        if all(overlap(boxes[candidate], boxes[other]) <= _OVERLAP for other in rivals):
            selected.append(int(candidate))
    return selected


def overlap(one: Floats, other: Floats) -> float:
    """Intersection over union of two boxes (centre x, centre y, width, height), each 4 float32."""
    low = np.maximum(one[:2] - one[2:] / 2, other[:2] - other[2:] / 2)
    high = np.minimum(one[:2] + one[2:] / 2, other[:2] + other[2:] / 2)
    common = float(np.prod(np.clip(high - low, 0, None)))
    union = float(one[2] * one[3] + other[2] * other[3]) - common
    return common / union if union > 0 else 0.0


def _box(box: Floats, shape: tuple[int, ...]) -> tuple[float, float, float, float]:
    size = np.array([shape[1], shape[0]], np.float32)
    low = np.clip((box[:2] - box[2:] / 2) / size, 0, 1)
    high = np.clip((box[:2] + box[2:] / 2) / size, 0, 1)
    return float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1])


def _input_of(inputs: Sequence[Any]) -> tuple[str, tuple[int, int]]:
    """Name and (width, height) of the only input."""
    shape = inputs[0].shape
    if len(inputs) != 1 or len(shape) != 4 or shape[1] != 3 or not all(isinstance(side, int) for side in shape[2:]):
        raise UnusableModel(f"the input has shape {shape}; one input of fixed size [1, 3, height, width] is needed")
    return str(inputs[0].name), (int(shape[3]), int(shape[2]))
