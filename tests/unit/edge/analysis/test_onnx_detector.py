"""Detections by a supplied model."""

from pathlib import Path

import numpy as np
import pytest

from edge.analysis.onnx_detector import OnnxDetector, UnusableModel, letterboxed, overlap, strongest
from tests.onnx_graphs import constant_detector

LABELS = ("person", "car")
WHITE = np.full((360, 640, 3), 255, np.uint8)

# Centre x, centre y, width, height in an input of 320 x 320; the picture lies in its rows 70 to 250.
BOXES = [(160, 160, 40, 80), (162, 161, 40, 80), (80, 120, 20, 20), (40, 200, 30, 30)]
SCORES = [(0.9, 0.1), (0.8, 0.1), (0.1, 0.7), (0.3, 0.2)]


def v8() -> np.ndarray:
    rows = np.hstack([np.array(BOXES, np.float32), np.array(SCORES, np.float32)])
    return np.ascontiguousarray(rows.T[np.newaxis])


def v5() -> np.ndarray:
    sure = np.full((4, 1), 1.0, np.float32)
    return np.hstack([np.array(BOXES, np.float32), sure, np.array(SCORES, np.float32)])[np.newaxis]


def detector(path: Path, answer: np.ndarray, labels: tuple[str, ...] = LABELS) -> OnnxDetector:
    model = path / "model.onnx"
    model.write_bytes(constant_detector((320, 320), answer))
    return OnnxDetector(model, labels)


@pytest.mark.parametrize("answer", [v8(), v5()], ids=["v8", "v5"])
def test_both_export_shapes_are_read_and_mapped_back_to_the_picture(tmp_path: Path, answer: np.ndarray) -> None:
    found = detector(tmp_path, answer).analyse(WHITE)

    assert [(detection.label, detection.score, detection.method) for detection in found] == [
        ("person", 0.9, "onnx"),
        ("car", 0.7, "onnx"),
    ]
    assert found[0].box == pytest.approx((140 / 320, 50 / 180, 40 / 320, 80 / 180))
    assert found[1].box == pytest.approx((70 / 320, 40 / 180, 20 / 320, 20 / 180))


def test_the_model_sees_the_picture(tmp_path: Path) -> None:
    dim = np.full((320, 320, 3), 140, np.uint8)

    assert detector(tmp_path, v8()).analyse(dim) == ()


def test_an_output_that_does_not_go_with_the_labels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableModel, match="3 labels"):
        detector(tmp_path, v8(), ("person", "car", "dog")).analyse(WHITE)


def test_a_tensor_is_rgb_from_0_to_1_with_grey_bars() -> None:
    blue = np.zeros((180, 320, 3), np.uint8)
    blue[:, :, 0] = 255
    tensor, scale, corner = letterboxed(blue, (320, 320))

    assert (tensor.shape, scale, corner) == ((1, 3, 320, 320), 1.0, (0, 70))
    assert tensor.dtype == np.float32
    assert tensor[0, :, 160, 160].tolist() == [0.0, 0.0, 1.0]
    assert tensor[0, :, 10, 10] == pytest.approx([114 / 255] * 3)


def test_overlap_is_intersection_over_union() -> None:
    one, other = np.array([10, 10, 10, 10], np.float32), np.array([15, 10, 10, 10], np.float32)

    assert overlap(one, one) == 1.0
    assert overlap(one, other) == pytest.approx(50 / 150)
    assert overlap(one, one + np.array([100, 0, 0, 0], np.float32)) == 0.0


def test_a_weaker_box_is_dropped_only_for_a_stronger_one_of_its_own_class() -> None:
    boxes = np.array([[10, 10, 10, 10]] * 3, np.float32)
    scores = np.array([0.6, 0.9, 0.7], np.float32)

    assert strongest(boxes, scores, np.array([0, 0, 1])) == [1, 2]
