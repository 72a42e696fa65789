# SPDX-License-Identifier: GPL-3.0-or-later
"""The engines ``insightface`` and ``facemesh`` on small models of the published layouts."""

from __future__ import annotations

import detector_models as models
import numpy as np
import pytest

from engine.core.axes import rotation_from_euler_deg
from engine.core.errors import FacewrightError
from engine.core.face_geometry import load_geometry
from engine.core.types import Observations, VideoFrame
from engine.models.catalog import model_path
from engine.tracking import catalog
from engine.tracking.base import TrackerOptions
from engine.tracking.correspondence import INSIGHTFACE_106
from engine.tracking.dense import Dense
from tests.onnx_files import Net

GEOMETRY = load_geometry(model_path("face_geometry"))
STRIDES = (8, 16, 32)
FIVE = np.array([[-16, -12], [16, -12], [0, 4], [-12, 20], [12, 20]], float)


def planted_points(path, shape, values, presence=None):
    """A network that draws the same points into any picture, and trusts red ones only."""
    net = Net(shape)
    nothing = net.node("ReduceMean", "input", keepdims=0)
    nothing = net.node("Mul", nothing, net.constant(np.float32(0)))
    rows = np.asarray(values, np.float32).reshape(1, -1)
    net.output(net.node("Add", net.constant(rows), nothing), list(rows.shape))
    if presence is not None:
        logit = net.node("Add", net.constant(np.float32([[presence]])), nothing)
        net.output(logit, [1, 1])
    return net.save(path)


def sparse(scale):
    """float (106, 2): the canonical face's points, x right, y down, around its middle."""
    dense = Dense(GEOMETRY, INSIGHTFACE_106)
    turned = dense.places @ rotation_from_euler_deg(np.array([3.0, 8.0, 0.0])).T
    points = np.zeros((106, 2))
    points[list(INSIGHTFACE_106.take)] = turned[:, :2] * [scale, -scale]
    points[[34, 38]] = points[[35, 39]].mean(0)
    points[[88, 92]] = points[[89, 93]].mean(0)
    return points


@pytest.fixture
def files(tmp_path):
    # The face fills two thirds of the crop, so that it is looked for where it was.
    points = sparse(0.062)
    files = {
        "scrfd": models.scrfd(
            tmp_path / "scrfd.onnx",
            {s: np.full(4, 30.0) / s for s in STRIDES},
            {s: FIVE.ravel() / s for s in STRIDES},
        ),
        "insightface_2d106": planted_points(tmp_path / "106.onnx", ("n", 3, 192, 192), points),
    }
    return lambda model: files.get(model) or model_path(model)


def frames(spots):
    for index, spot in enumerate(spots):
        image = np.full((480, 640, 3), 40, np.uint8)
        if spot:
            x, y = spot
            image[y - 20 : y + 20, x - 20 : x + 20] = (255, 0, 0)
        yield VideoFrame(index, index / 30, image)


def test_a_face_is_taken_up_kept_and_lost(files):
    spots = [None, *[(400, 200)] * 5, None, None]
    for streams in (1, 2):
        tracker = catalog.create_tracker(
            "insightface", TrackerOptions(files, device="cpu", streams=streams)
        )
        seen = Observations.concatenate(list(tracker.track(frames(spots))))
        np.testing.assert_array_equal(seen.valid, [bool(spot) for spot in spots])
        middle = seen.landmarks[seen.valid][:, :, :2].mean(1)
        assert np.abs(middle - [400, 200]).max() < 25
        assert (seen.presence[seen.valid] > 0.7).all()
        assert np.isfinite(seen.scores[seen.valid]).all()
        assert np.isfinite(seen.head[seen.valid]).all()
        assert np.isnan(seen.appearance).all()
        assert tracker.faces_seen == 1


def test_another_detector_may_find_the_faces(files):
    options = TrackerOptions(files, device="cpu", streams=1, detector="blazeface")
    tracker = catalog.create_tracker("insightface", options)
    # BlazeFace sees no face in a red spot.
    seen = Observations.concatenate(list(tracker.track(frames([(400, 200)] * 3))))
    assert not seen.valid.any()


@pytest.mark.parametrize("presence", [4.0, -4.0, None])
def test_facemesh_with_and_without_its_second_output(tmp_path, presence):
    face = GEOMETRY.vertices * [7.0, -7.0, -7.0] + [96, 96, 0]
    path = planted_points(tmp_path / "mesh.onnx", (1, 192, 192, 3), face, presence)
    options = TrackerOptions(lambda m: path if m == "facemesh" else model_path(m), streams=1)
    tracker = catalog.create_tracker("facemesh", options)
    known = np.zeros((478, 3), np.float32)
    known[:468] = GEOMETRY.vertices * [10, -10, -10] + [320, 240, 0]
    known[468:] = known[[33, 133] * 5]
    (seen,) = tracker.track(frames([None]), known)
    # Without it the detector is asked, which sees nothing in grey.
    assert bool(seen.valid[0]) is (presence == 4.0)
    if seen.valid[0]:
        marks = seen.landmarks[0]
        for iris, (outer, inner) in ((468, (33, 133)), (473, (263, 362))):
            low, high = np.sort(marks[[outer, inner], 0])
            assert low < marks[iris, 0] < high


def test_models_of_another_shape_are_refused(tmp_path):
    wrong = planted_points(tmp_path / "wrong.onnx", (1, 3, 192, 192), np.zeros(212))
    options = TrackerOptions(lambda m: wrong if m == "facemesh" else model_path(m))
    with pytest.raises(FacewrightError, match=r"\(1, 192, 192, 3\)") as caught:
        catalog.create_tracker("facemesh", options)
    assert caught.value.code == "model-layout"
    assert str(wrong) in caught.value.message
    assert "(1, 3, 192, 192)" in caught.value.hint
