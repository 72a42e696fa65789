# SPDX-License-Identifier: GPL-3.0-or-later
"""The detectors that a person adds: a known face in, a known face out, in every layout."""

from __future__ import annotations

import detector_models as models
import numpy as np
import pytest

from engine.core.errors import FacewrightError
from engine.tracking.base import TrackerOptions
from engine.tracking.detectors.boxes import from_five_points, from_wider_box
from engine.tracking.detectors.catalog import DETECTORS, create_detector
from engine.tracking.regions import Region, letterbox, square

# Five points around (0, 0) of a face 64 wide, and the box around it.
POINTS = np.array([[-13, -9], [13, -9], [1, 5], [-11, 20], [11, 20]], float)
BOX = np.array([-30.0, -46, 30, 34])


def detector(name, path, **options):
    return create_detector(TrackerOptions(lambda model: path, detector=name, **options))


def spot(image: np.ndarray, region: Region, side: int, stride: int, cell: tuple[int, int]):
    """Paint one cell of the network's picture red; returns a map from its pixels to the image."""
    scale = region.width / side
    corner = np.array([region.x, region.y]) - region.width / 2
    x0, y0 = np.round(corner + np.array(cell) * stride * scale).astype(int)
    size = round(stride * scale)
    image[y0 : y0 + size, x0 : x0 + size] = (255, 0, 0)
    return lambda points: corner + np.asarray(points, float) * scale


def same(found, expected):
    np.testing.assert_allclose(found.box, expected.box, atol=0.01)
    np.testing.assert_allclose(found.keypoints, expected.keypoints, atol=0.01)


PICTURES = {
    "wide": ((720, 1280), None),
    "small and high": ((320, 240), None),
    "square": ((640, 640), None),
    "a square of the picture": ((720, 1280), square(800, 300, 320)),
    "a square beyond the picture": ((360, 640), square(500, 100, 640)),
}


def picture(case):
    (height, width), region = PICTURES[case]
    image = np.zeros((height, width, 3), np.uint8)
    # Green and blue must not count: this is how a wrong order of the planes shows.
    image[: height // 4, : width // 4] = (0, 255, 0)
    image[-height // 4 :, -width // 4 :] = (0, 0, 255)
    return image, region or letterbox(image)


@pytest.mark.parametrize("case", PICTURES)
@pytest.mark.parametrize("stride", [8, 16, 32])
def test_scrfd_finds_the_spot_in_any_picture(tmp_path, case, stride):
    image, region = picture(case)
    cell = (224 // stride, 288 // stride)
    where = spot(image, region, 640, stride, cell)
    # The anchor is the cell's corner; all distances are in strides.
    strides = (8, 16, 32)
    path = models.scrfd(
        tmp_path / "scrfd.onnx",
        {s: np.abs(BOX) / s for s in strides},
        {s: POINTS.ravel() / s for s in strides},
        sees=stride,
    )
    (face,) = detector("scrfd", path).detect(image, region)
    same(face, from_five_points(where(np.array(cell) * stride + POINTS), 1.0))
    # Where the picture is enlarged, the spot's edge is soft.
    assert face.score == pytest.approx(1 / (1 + np.exp(-models.SURE)), abs=0.05)


# An export without a batch dimension takes one picture.
_EXPORTS = [
    (batched, shape)
    for batched in (False, True)
    for shape in ((1, 3, 640, 640), (2, 3, 640, 640), ("n", 3, "h", "w"))
    if batched or shape[0] != 2
]


@pytest.mark.parametrize(("batched", "shape"), _EXPORTS)
@pytest.mark.parametrize("order", [None, [8, 0, 3, 5, 1, 7, 2, 4, 6]])
def test_scrfd_in_every_export(tmp_path, batched, shape, order):
    image, region = picture("wide")
    where = spot(image, region, 640, 8, (40, 33))
    strides = (8, 16, 32)
    path = models.scrfd(
        tmp_path / "scrfd.onnx",
        {s: np.abs(BOX) / s for s in strides},
        {s: POINTS.ravel() / s for s in strides},
        shape=shape,
        batched=batched,
        order=order,
    )
    (face,) = detector("scrfd", path).detect(image, region)
    same(face, from_five_points(where(np.array([320, 264]) + POINTS), 1.0))


def test_scrfd_without_keypoints_and_with_five_maps(tmp_path):
    image, region = picture("wide")
    where = spot(image, region, 640, 8, (40, 33))
    for strides, per_cell in (((8, 16, 32), 2), ((8, 16, 32, 64, 128), 1)):
        path = models.scrfd(
            tmp_path / f"scrfd{per_cell}.onnx",
            {s: np.abs(BOX) / s for s in strides},
            None,
            per_cell=per_cell,
            order=list(reversed(range(2 * len(strides)))),
        )
        (face,) = detector("scrfd", path).detect(image, region)
        corners = where((np.array([320, 264, 320, 264]) + BOX).reshape(2, 2))
        same(face, from_wider_box(corners.ravel(), 1.0))


def test_scrfd_that_is_not_square_still_sees_a_square(tmp_path):
    image = np.zeros((960, 960, 3), np.uint8)
    region = letterbox(image)
    # 480 high and 640 wide: the square fills the left 480.
    where = spot(image, region, 480, 8, (24, 36))
    strides = (8, 16, 32)
    path = models.scrfd(
        tmp_path / "scrfd.onnx",
        {s: np.abs(BOX) / s for s in strides},
        {s: POINTS.ravel() / s for s in strides},
        shape=(1, 3, 480, 640),
    )
    (face,) = detector("scrfd", path).detect(image, region)
    same(face, from_five_points(where(np.array([192, 288]) + POINTS), 1.0))


def test_two_spots_are_two_faces_and_none_is_none(tmp_path):
    image, region = picture("wide")
    strides = (8, 16, 32)
    path = models.scrfd(
        tmp_path / "scrfd.onnx",
        {s: np.abs(BOX) / s for s in strides},
        {s: POINTS.ravel() / s for s in strides},
    )
    finder = detector("scrfd", path)
    assert finder.detect(image, region) == []
    spot(image, region, 640, 8, (30, 40))
    spot(image, region, 640, 8, (50, 40))
    assert len(finder.detect(image, region)) == 2


def test_a_smaller_picture_finds_the_same_face(tmp_path):
    image, region = picture("square")
    strides = (8, 16, 32)
    path = models.scrfd(
        tmp_path / "scrfd.onnx",
        {s: np.abs(BOX) / s for s in strides},
        {s: POINTS.ravel() / s for s in strides},
    )
    close = detector("scrfd", path).sized(150)
    assert close.size == 160
    where = spot(image, region, 160, 8, (10, 9))
    (face,) = close.detect(image, region)
    same(face, from_five_points(where(np.array([80, 72]) + POINTS), 1.0))


CENTERFACE_SIZES = np.log(np.array([80.0, 60]) / 4)  # height, width
CENTERFACE_OFFSETS = np.array([0.25, -0.5])  # y, x
# Points as shares of the box, y before x.
SHARES = (POINTS - BOX[:2]) / [60, 80]


@pytest.mark.parametrize("case", PICTURES)
@pytest.mark.parametrize("names", [True, False])
def test_centerface(tmp_path, case, names):
    image, region = picture(case)
    where = spot(image, region, 640, 4, (100, 70))
    path = models.centerface(
        tmp_path / "centerface.onnx",
        CENTERFACE_SIZES,
        CENTERFACE_OFFSETS,
        SHARES[:, ::-1].ravel(),
        names=names,
    )
    (face,) = detector("centerface", path).detect(image, region)
    centre = (np.array([100, 70]) + [-0.5, 0.25] + 0.5) * 4
    corner = centre - [30, 40]
    same(face, from_five_points(where(corner + SHARES * [60, 80]), 1.0))


def test_centerface_without_landmarks(tmp_path):
    image, region = picture("wide")
    where = spot(image, region, 640, 4, (100, 70))
    path = models.centerface(
        tmp_path / "centerface.onnx", CENTERFACE_SIZES, CENTERFACE_OFFSETS, None
    )
    (face,) = detector("centerface", path).detect(image, region)
    centre = (np.array([100, 70]) + [-0.5, 0.25] + 0.5) * 4
    corners = where([centre - [30, 40], centre + [30, 40]])
    same(face, from_wider_box(corners.ravel(), 1.0))


def test_centerface_as_published_is_refused_with_the_reason(tmp_path):
    path = models.centerface(
        tmp_path / "centerface.onnx",
        CENTERFACE_SIZES,
        CENTERFACE_OFFSETS,
        None,
        shape=(10, 3, 32, 32),
    )
    with pytest.raises(FacewrightError, match="fixed to 32 x 32") as caught:
        detector("centerface", path)
    assert caught.value.code == "model-layout"
    assert str(path) in caught.value.message


@pytest.mark.parametrize("case", ["wide", "a square beyond the picture"])
@pytest.mark.parametrize("softmax", [True, False])
@pytest.mark.parametrize("stride", [4, 16])
def test_s3fd(tmp_path, case, softmax, stride):
    image, region = picture(case)
    cell = (256 // stride, 320 // stride)
    where = spot(image, region, 640, stride, cell)
    values = [0.5, -0.25, 1.5, 2.5]
    path = models.s3fd(tmp_path / "s3fd.onnx", stride, values, softmax=softmax)
    (face,) = detector("s3fd", path).detect(image, region)
    side = 4 * stride
    centre = (np.array(cell) + 0.5) * stride + np.array(values[:2]) * 0.1 * side
    half = np.exp(np.array(values[2:]) * 0.2) * side / 2
    corners = where([centre - half, centre + half])
    same(face, from_wider_box(corners.ravel(), 1.0))
    assert face.score == pytest.approx(1 / (1 + np.exp(-models.SURE)), abs=0.01)


def logit(share):
    return np.log(share / (1 - share))


YOLO = np.zeros(16)
YOLO[:2] = logit(np.array([0.625, 0.375]))  # x, y: (2 s - 0.5 + cell) * stride
YOLO[2:4] = logit(np.array([0.6, 0.4]))  # width, height: (2 s)^2 * anchor
YOLO[5:15] = (POINTS / [43, 55]).ravel()
YOLO[15] = 9.0


@pytest.mark.parametrize("case", ["wide", "a square beyond the picture"])
@pytest.mark.parametrize(
    ("form", "shape"),
    [("planes", ("b", 3, "h", "w")), ("planes", (1, 3, 640, 640)), ("cells", (1, 3, 640, 640))],
)
def test_yolov5face(tmp_path, case, form, shape):
    image, region = picture(case)
    where = spot(image, region, 640, 16, (16, 20))
    path = models.yolov5face(tmp_path / "yolo.onnx", YOLO, form=form, shape=shape)
    (face,) = detector("yolov5face", path).detect(image, region)
    same(face, from_five_points(where(np.array([256, 320]) + POINTS), 1.0))


def test_yolov5face_boxes_decide_what_is_one_face(tmp_path):
    """Boxes are used for suppression alone; this reads them directly."""
    image, region = picture("square")
    spot(image, region, 640, 16, (16, 20))
    path = models.yolov5face(tmp_path / "yolo.onnx", YOLO, form="planes")
    finder = detector("yolov5face", path)
    seen = []
    finder.decode = lambda *values: seen.append(type(finder).decode(finder, *values)) or seen[0]
    finder.detect(image, region)
    (box,) = seen[0].boxes
    width, height = (2 * 0.6) ** 2 * 43, (2 * 0.4) ** 2 * 55
    centre = (np.array([1.25, 0.75]) - 0.5 + [16, 20]) * 16
    half = np.array([width, height]) / 2
    np.testing.assert_allclose(box, [*(centre - half), *(centre + half)], rtol=1e-4)


def test_yolov5face_as_one_table(tmp_path):
    rows = np.zeros((5, 16))
    rows[:, 2:4] = 20
    rows[1:3, :2] = 30, 40
    rows[1] = [30, 40, 20, 24, 0.9, *(POINTS / 3 + [30, 40]).ravel(), 0.8]
    rows[2] = [31, 40, 20, 24, 0.5, *(POINTS / 3 + [31, 40]).ravel(), 0.8]
    rows[3] = [30, 40, 20, 24, 0.9, *(POINTS / 3 + [30, 40]).ravel(), 0.2]
    path = models.yolov5face_table(tmp_path / "yolo.onnx", rows)
    image = np.full((128, 64, 3), 255, np.uint8)
    (face,) = detector("yolov5face", path).detect(image, letterbox(image))
    expected = (POINTS / 3 + [30, 40]) * 2 - [32, 0]
    same(face, from_five_points(expected, 1.0))
    assert face.score == pytest.approx(0.72)


@pytest.mark.parametrize("name", ["scrfd", "centerface", "s3fd", "yolov5face"])
def test_another_network_is_refused_by_its_shapes(tmp_path, name):
    net = models.Net((1, 3, 64, 64))
    net.output(models.planted(net, 8, np.zeros(7)), [1, 7, 8, 8])
    path = net.save(tmp_path / "other.onnx")
    image = np.zeros((64, 64, 3), np.uint8)
    with pytest.raises(FacewrightError, match=r"\(1, 7, 8, 8\)") as caught:
        detector(name, path).detect(image, letterbox(image))
    assert caught.value.code == "model-layout"
    grey = models.Net((1, 1, 64, 64))
    grey.output("input", [1, 1, 64, 64])
    with pytest.raises(FacewrightError, match="colour planes"):
        detector(name, grey.save(tmp_path / "grey.onnx"))


def test_every_detector_of_the_list_can_be_made():
    assert {"blazeface", "scrfd", "centerface", "s3fd", "yolov5face"} <= set(DETECTORS)
