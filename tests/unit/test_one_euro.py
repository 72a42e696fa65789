# SPDX-License-Identifier: GPL-3.0-or-later
"""The One Euro filter against its paper's formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.core.one_euro import OneEuro, low_pass_share


def _paper(values, times, minimum, beta, derivative, noise=0.0):
    """Algorithm 1 of Casiez et al. 2012, one number at a time."""

    def alpha(rate, cutoff):
        tau = 1 / (2 * math.pi * cutoff)
        return 1 / (1 + tau * rate)

    smooth, speed, out = values[0], 0.0, [values[0]]
    for i in range(1, len(values)):
        rate = 1 / (times[i] - times[i - 1])
        a = alpha(rate, derivative)
        speed = a * (values[i] - smooth) * rate + (1 - a) * speed
        a = alpha(rate, minimum + beta * max(abs(speed) - noise * rate, 0))
        smooth = a * values[i] + (1 - a) * smooth
        out.append(smooth)
    return np.array(out)


def _run(euro, values, times):
    return np.stack([euro(row, t) for row, t in zip(values, times, strict=True)])


@pytest.fixture
def walk():
    """50 frames of three numbers at uneven times."""
    random = np.random.default_rng(3)
    return np.cumsum(random.normal(0, 0.1, (50, 3)), 0), np.cumsum(random.uniform(0.01, 0.06, 50))


def test_each_element_follows_the_paper_with_its_own_constants(walk):
    values, times = walk
    constants = ((1.0, 0.3, 5.0), (0.007, 2.0, 8.0), (1.0, 4.0, 16.0), (0.0, 0.02, 0.1))
    euro = OneEuro(*(np.array(each) for each in constants))
    out = _run(euro, values, times)
    for column in range(3):
        expected = _paper(values[:, column], times, *(each[column] for each in constants))
        np.testing.assert_allclose(out[:, column], expected, rtol=1e-12)


def test_a_step_arrives_as_a_low_pass_of_first_order_does():
    # Without beta: after n frames of share a, 1 - (1 - a)^n; 63 % after 1 / (2 pi cutoff).
    rate, cutoff = 1000.0, 2.0
    times = np.arange(200) / rate
    out = _run(OneEuro(cutoff, 0.0, 1.0), (times > 0).astype(float)[:, None], times)[:, 0]
    share = low_pass_share(cutoff, rate)
    np.testing.assert_allclose(out, 1 - (1 - share) ** np.arange(200), atol=1e-12)
    arrived_s = times[np.argmax(out >= 1 - math.exp(-1))]
    assert arrived_s == pytest.approx(1 / (2 * math.pi * cutoff), abs=0.002)


def test_changes_within_the_noise_do_not_open_the_filter():
    random = np.random.default_rng(0)
    values = random.uniform(-0.01, 0.01, (300, 1))
    times = np.arange(300) / 30
    closed = _run(OneEuro(0.5, 0.0, 16.0), values, times)
    np.testing.assert_array_equal(_run(OneEuro(0.5, 5.0, 16.0, 0.03), values, times), closed)
    assert _run(OneEuro(0.5, 5.0, 16.0), values, times).std() > 1.2 * closed.std()


def test_an_infinite_cutoff_passes_everything(walk):
    values, times = walk
    np.testing.assert_allclose(_run(OneEuro(np.inf, 0.0, 1.0), values, times), values, atol=1e-12)


def test_a_unit_of_speed_scales_beta(walk):
    values, times = walk
    scaled = OneEuro(1, 8, 1)
    out = [scaled(row, t, unit=4.0) for row, t in zip(values, times, strict=True)]
    np.testing.assert_allclose(out, _run(OneEuro(1, 2, 1), values, times), rtol=1e-12)


def test_after_a_jump_it_goes_on_from_there():
    euro = OneEuro(1.0, 1.0, 1.0)
    euro(np.zeros(2), 0.0)
    euro.jump(np.array([5.0, 6.0]))
    np.testing.assert_allclose(euro(np.array([5.0, 6.0]), 0.1), (5, 6))


def test_reset_forgets_and_a_frame_out_of_order_is_refused():
    euro = OneEuro(1.0, 1.0, 1.0)
    euro(np.zeros(2), 1.0)
    for time_s in (1.0, 0.5):
        with pytest.raises(ValueError, match="after one at"):
            euro(np.ones(2), time_s)
    euro.reset()
    np.testing.assert_array_equal(euro(np.ones(2), 0.5), np.ones(2))
    assert euro.time_s == 0.5
