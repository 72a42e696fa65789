# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters in their order: from a solved track to values on frames of the timeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..core.clock import FrameClock
from ..core.errors import FacewrightError
from ..core.types import FaceTrack
from .doubt import DEFAULT_THRESHOLD, settle_doubt
from .gain import apply_gain, gain_columns
from .gaps import Gap, bridge_gaps, fill_gaps, find_gaps
from .recenter import recenter_head
from .resample import resample
from .smooth import DEFAULT_STRENGTH, smooth
from .tidy import tidy
from .told import put_back, told_without_face

KEY_TIMES = ("SCENE", "SOURCE")


@dataclass(frozen=True)
class FilterSettings:
    """How a track becomes frames.

    Attributes:
        smoothing: Strength 0..1 by part of the face (``columns.PARTS``); empty is off.
        keep_blinks: Leave blinks as sharp as they were measured.
        keep_lips: Leave lip contacts as sharp as they were measured.
        doubt_policy: "KEEP", "HOLD" or "EASE" where the solver was not sure of a weight.
        doubt_threshold: It was not sure where the weight's confidence, 0..1, is below this.
        doubt_bridge_s: Unsure stretches up to this long are interpolated instead, seconds.
        doubt_ease_s: Time to neutral or back to a sure value, seconds.
        gap_policy: "HOLD", "EASE" or "EMPTY" while there is no face.
        gap_bridge_s: Dropouts up to this long are interpolated first, seconds.
        gap_ease_s: Time to neutral and back for "EASE", seconds.
        head_center: "MEDIAN", "FIRST" or "NONE": the head pose that counts as straight ahead.
        gain: How far each part moves, 1 as measured, by part of the face (``gain.apply_gain``).
        key_times: "SCENE": keys on whole frames. "SOURCE": keys at the clip's own presentation
            times, fractions of a frame allowed.
        interpolation: "CUBIC" or "LINEAR" between source frames.
    """

    smoothing: Mapping[str, float] = field(default_factory=lambda: dict(DEFAULT_STRENGTH))
    keep_blinks: bool = True
    keep_lips: bool = True
    doubt_policy: str = "KEEP"
    doubt_threshold: float = DEFAULT_THRESHOLD
    doubt_bridge_s: float = 0.15
    doubt_ease_s: float = 0.3
    gap_policy: str = "HOLD"
    gap_bridge_s: float = 0.15
    gap_ease_s: float = 0.5
    head_center: str = "MEDIAN"
    gain: Mapping[str, float] = field(default_factory=dict)
    key_times: str = "SCENE"
    interpolation: str = "CUBIC"


@dataclass(frozen=True)
class FilteredTrack:
    """What the filters made of a track.

    Attributes:
        frames: float64 (T,), frames on the timeline, increasing.
        track: The values at those frames; rows without a face only under "EMPTY".
        gaps: The stretches without a face, in source time, that were not bridged.
        bridged: How many short dropouts were interpolated over.
    """

    frames: np.ndarray
    track: FaceTrack
    gaps: list[Gap]
    bridged: int


def run_filters(track: FaceTrack, settings: FilterSettings, clock: FrameClock) -> FilteredTrack:
    """Tidy, settle doubt, bridge, smooth, centre the head, scale, fill gaps, resample.

    What is in doubt is settled first, because everything after it looks at neighbours in time.
    Smoothing comes before the gap policy, so that an invented value never leaks into a measured
    one; resampling comes last, so that every filter works on what the camera saw.

    Args:
        track: A solved track at its presentation times.
        settings: How.
        clock: The scene's clock.

    Raises:
        FacewrightError: ``no-face`` where no frame has a face, ``too-short`` where no whole
            frame of the scene falls inside the take.
    """
    if settings.key_times not in KEY_TIMES:
        raise ValueError(f"unknown key times {settings.key_times!r}, not one of {KEY_TIMES}")
    measured = tidy(track)
    if not measured.valid.any():
        raise FacewrightError(
            "The take has no frame with a face, so there is nothing to write.",
            "Check that the clip shows a face, then track it again.",
            "no-face",
        )
    settled = settle_doubt(
        measured,
        settings.doubt_policy,
        settings.doubt_threshold,
        settings.doubt_bridge_s,
        settings.doubt_ease_s,
    )
    bridged = bridge_gaps(settled, settings.gap_bridge_s)
    calm = smooth(bridged, settings.smoothing, settings.keep_blinks, settings.keep_lips)
    centred = recenter_head(calm, settings.head_center)
    scaled = apply_gain(centred, settings.gain)
    filled = fill_gaps(scaled, settings.gap_policy, settings.gap_ease_s)
    filled = put_back(filled, ~scaled.valid, told_without_face(track), gain_columns(settings.gain))
    if settings.key_times == "SOURCE":
        frames, values = np.asarray(clock.frames(filled.time_s)), filled
    else:
        frames = clock.whole_frames(filled.time_s[0], filled.time_s[-1]).astype(np.float64)
        values = resample(filled, np.asarray(clock.seconds(frames)), settings.interpolation)
    if not values.valid.any():
        raise FacewrightError(
            "The part of the take with a face is shorter than one frame of the scene.",
            "Raise the scene's frame rate or write the keys at the clip's own times.",
            "too-short",
        )
    gaps = find_gaps(bridged)
    return FilteredTrack(frames, values, gaps, len(find_gaps(measured)) - len(gaps))
