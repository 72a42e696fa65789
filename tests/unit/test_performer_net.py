# SPDX-License-Identifier: GPL-3.0-or-later
"""The small network: its gradients are right, and long recordings are run in pieces unseen."""

from __future__ import annotations

import numpy as np
import pytest

from engine.core.progress import Cancelled, Progress
from engine.speech.performer import net, training


def random_parameters(size: net.NetSize, dtype=np.float64) -> dict[str, np.ndarray]:
    """With biases that are not zero, or their gradients would be tested at one place alone."""
    draw = np.random.default_rng(3)
    return {
        name: value + 0.1 * draw.standard_normal(value.shape).astype(dtype)
        for name, value in net.new_parameters(size, 1, dtype).items()
    }


def test_gradients_are_those_of_finite_differences():
    size = net.NetSize(inputs=4, outputs=3, width=4, memory=5)
    parameters = random_parameters(size)
    draw = np.random.default_rng(0)
    features, wanted = draw.standard_normal((2, 24, 4)), draw.standard_normal((2, 12, 3))

    def loss() -> float:
        return 0.5 * float(((net.forward(parameters, features)[0] - wanted) ** 2).sum())

    outputs, seen = net.forward(parameters, features)
    slopes = net.backward(parameters, seen, outputs - wanted)
    assert set(slopes) == set(parameters)
    for name, value in parameters.items():
        places = draw.choice(value.size, min(value.size, 25), replace=False)
        for place in places:
            number = np.unravel_index(place, value.shape)
            kept = value[number]
            value[number] = kept + 1e-6
            above = loss()
            value[number] = kept - 1e-6
            below = loss()
            value[number] = kept
            expected = (above - below) / 2e-6
            assert slopes[name][number] == pytest.approx(expected, rel=1e-4, abs=1e-6), name


def test_a_step_sees_a_fifth_of_a_second_at_least():
    assert net.WINDOW_FRAMES >= 20
    size = net.NetSize(1, 1, 4, 4)
    parameters = random_parameters(size)
    parameters["recall"][:] = 0
    parameters["take_in"][..., 4:8] = 0
    parameters["take_in_bias"][..., 4:8] = -50  # forgets all that was before
    features = np.zeros((1, 80, 1))
    still = net.forward(parameters, features)[0][0, 20, 0]
    seen = []
    for frame in range(80):
        features[:] = 0
        features[0, frame] = 5.0
        if abs(net.forward(parameters, features)[0][0, 20, 0] - still) > 1e-12:
            seen.append(frame)
    # Step 20 is centred between frames 40 and 41.
    assert min(seen) >= 41 - net.WINDOW_FRAMES // 2
    assert max(seen) <= 40 + net.WINDOW_FRAMES // 2
    assert min(seen) + max(seen) == 81
    assert max(seen) - min(seen) + 1 == net.WINDOW_FRAMES


@pytest.mark.parametrize("frames", [0, 1, 2, 7, 1999, 2000, 2001, 5431])
def test_pieces_of_a_long_recording_show_no_seams(frames):
    size = net.NetSize(3, 2, 6, 6)
    parameters = random_parameters(size, np.float32)
    features = np.random.default_rng(1).standard_normal((frames, 3)).astype(np.float32)
    outputs = training.run(parameters, features)
    assert outputs.shape == (-(-frames // 2), 2)
    if frames:
        padded = np.pad(features, ((0, frames % 2), (0, 0)), mode="edge")
        whole = net.forward(parameters, padded[None])[0][0]
        assert np.abs(outputs - whole).max() < 1e-3


def test_training_learns_keeps_the_best_and_stops_early():
    draw = np.random.default_rng(5)
    basis = np.eye(2, dtype=np.float32)

    def lesson() -> training.Lesson:
        features = np.repeat(draw.standard_normal((150, 3)), 4, axis=0).astype(np.float32)
        # What is wanted has happened 40 ms before.
        wanted = np.tanh(np.roll(features[::2, :2], 2, axis=0))
        return training.Lesson(features, wanted, np.ones_like(wanted))

    settings = training.TrainSettings(rounds=20, rate=0.02, noise=0.0, forget=0.0)
    size = net.NetSize(3, 2, 12, 12)
    stop = [lesson()]
    trained = training.train([lesson() for _ in range(4)], stop, basis, size, settings)
    assert trained.best < 0.6 * trained.history[0]
    assert trained.best == min(trained.history)
    assert training.squared_error(trained.parameters, stop, basis) == pytest.approx(trained.best)

    def noise() -> training.Lesson:
        wanted = draw.standard_normal((300, 2)).astype(np.float32)
        return training.Lesson(lesson().features, wanted, np.ones_like(wanted))

    settings = training.TrainSettings(rounds=30, patience=2)
    trained = training.train([noise()], [noise()], basis, size, settings)
    assert trained.rounds < 30
    assert trained.rounds == int(np.argmin(trained.history)) + 1 + 2


def test_what_is_not_trusted_is_not_learned():
    features = np.random.default_rng(1).standard_normal((600, 2)).astype(np.float32)
    wanted = np.zeros((300, 1), np.float32)
    trust = np.ones_like(wanted)
    wanted[100:200], trust[100:200] = 1e6, 0.0
    one = training.Lesson(features, wanted, trust)
    settings = training.TrainSettings(rounds=5)
    basis = np.ones((1, 1), np.float32)
    trained = training.train([one], [one], basis, net.NetSize(2, 1, 4, 4), settings)
    assert np.abs(training.run(trained.parameters, features)).max() < 1


def test_training_can_be_stopped():
    one = training.Lesson(
        np.zeros((600, 2), np.float32), np.zeros((300, 1), np.float32), np.ones((300, 1))
    )
    asked = iter([False, False, True])
    progress = Progress(is_cancelled=lambda: next(asked))
    with pytest.raises(Cancelled):
        training.train(
            [one], [one], np.ones((1, 1), np.float32), net.NetSize(2, 1, 4, 4), None, progress
        )


def test_a_network_of_other_shapes_is_none():
    parameters = net.new_parameters(net.NetSize(3, 2, 4, 5), 0)
    assert net.size_of(parameters) == net.NetSize(3, 2, 4, 5)
    for name in parameters:
        broken = parameters | {name: parameters[name][..., :-1]}
        with pytest.raises(ValueError, match="shape"):
            net.size_of(broken)
