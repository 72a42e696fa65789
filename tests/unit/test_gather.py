# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests of many threads become batches; each thread gets its own rows, or its error."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.inference.bound_session import BoundSession, PlainSession, shapes_of
from engine.core.inference.gather import Gatherer
from engine.models.catalog import model_path


def _row(value: float, rows: int = 1) -> np.ndarray:
    return np.full((rows, 3), value, np.float32)


class _Network:
    """Doubles; the first run waits until it is let go."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.go = threading.Event()
        self.at_work = threading.Event()
        self.broken = False

    def __call__(self, array):
        self.batches.append(len(array))
        self.at_work.set()
        assert self.go.wait(10)
        if self.broken:
            raise RuntimeError("broken")
        return [array * 2, array[:, 0]]


def test_one_thread_alone_waits_for_nobody():
    network = _Network()
    network.go.set()
    doubled, first = Gatherer(network, 8).run(_row(4))
    np.testing.assert_array_equal(doubled, _row(8))
    np.testing.assert_array_equal(first, [4])
    assert network.batches == [1]


def _together(network, gatherer, rows):
    """One request that is at work, then the others while it is."""
    pool = ThreadPoolExecutor(len(rows) + 1)
    futures = [pool.submit(gatherer.run, _row(0))]
    assert network.at_work.wait(10)
    futures += [pool.submit(gatherer.run, _row(i + 1, count)) for i, count in enumerate(rows)]
    while len(gatherer._waiting) < len(rows):
        threading.Event().wait(0.001)
    network.go.set()
    pool.shutdown()
    return futures


def test_what_comes_while_the_device_works_is_the_next_batch():
    network = _Network()
    futures = _together(network, Gatherer(network, 8), [1] * 6)
    assert network.batches == [1, 6]
    for number, future in enumerate(futures):
        np.testing.assert_array_equal(future.result()[0], _row(2 * number))


def test_no_batch_is_larger_than_allowed_unless_one_request_is():
    network = _Network()
    futures = _together(network, Gatherer(network, 4), [1, 2, 2, 6, 1])
    assert sum(network.batches) == 13
    assert sorted(network.batches)[-1] == 6
    assert [len(future.result()[0]) for future in futures] == [1, 1, 2, 2, 6, 1]


def test_an_error_is_raised_by_all_who_were_in_the_batch():
    network = _Network()
    network.broken = True
    futures = _together(network, Gatherer(network, 8), [1] * 3)
    for future in futures:
        with pytest.raises(RuntimeError, match="broken"):
            future.result()


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 8), st.integers(1, 6), st.integers(1, 3))
def test_whoever_asks_gets_his_own(largest, threads, rows):
    sizes = []

    def network(array):
        sizes.append(len(array))
        return [array + 1]

    gatherer = Gatherer(network, largest)
    with ThreadPoolExecutor(threads) as pool:
        answers = list(pool.map(lambda i: gatherer.run(_row(i, rows)), range(40)))
    for number, (answer,) in enumerate(answers):
        np.testing.assert_array_equal(answer, _row(number + 1, rows))
    assert sum(sizes) == 40 * rows
    assert max(sizes) <= max(largest, rows)


@pytest.mark.parametrize("name", ["face_landmarks", "face_blendshapes", "face_appearance"])
@pytest.mark.parametrize("rows", [1, 3, 9])
def test_bound_buffers_change_no_result(name, rows):
    session = onnxruntime.InferenceSession(
        str(model_path(name)), providers=["CPUExecutionProvider"]
    )
    shapes = shapes_of(session)
    assert shapes.batched
    assert shapes.fixed
    bound = BoundSession(
        session,
        shapes,
        lambda shape, kind: onnxruntime.OrtValue.ortvalue_from_shape_and_type(shape, kind, "cpu"),
        4,
    )
    plain = PlainSession(session, shapes, 4)
    generator = np.random.default_rng(rows)
    given = generator.random((rows, *shapes.picture), np.float32)
    right = session.run(None, {shapes.name: given})
    kept = bound.run(given)
    bound.run(given * 0.5)  # must not write into what was given out
    for ours, also, theirs in zip(kept, plain.run(given), right, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-3, rtol=1e-4)
        np.testing.assert_allclose(also, theirs, atol=2e-3, rtol=1e-4)


def test_a_detector_of_one_picture_has_no_batches():
    session = onnxruntime.InferenceSession(
        str(model_path("face_detector")), providers=["CPUExecutionProvider"]
    )
    shapes = shapes_of(session)
    picture = np.random.default_rng(0).random((1, *shapes.picture), np.float32)
    right = session.run(None, {shapes.name: picture})
    for ours, theirs in zip(PlainSession(session, shapes, 1).run(picture), right, strict=True):
        np.testing.assert_array_equal(ours, theirs)
