# SPDX-License-Identifier: GPL-3.0-or-later
"""A take that was spoken live: no face was seen, there are no cues, and lips that met must meet."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..engine.core.arkit import INDEX
from ..engine.core.clock import FrameClock
from ..engine.core.curve_math import runs
from ..engine.core.mouth_style import MouthStyle
from ..engine.core.types import FaceTrack
from ..engine.filters.resample import resample
from ..engine.takes.take_file import read_track
from .apply_settings import ApplySettings
from .speech_take import MOUTH_COLUMNS, SpeechTake, as_placed

# ``jawOpen`` less ``mouthClose``: lips this near meet, or lower lip and teeth do.
_TOUCH = 0.08
# So near to the narrowest is as narrow.
_SAME = 0.005


def placed_live_speech(
    take: Path, header: dict, settings: ApplySettings
) -> tuple[FaceTrack, ApplySettings]:
    """A live take of speech, and the settings for it: as for any speech, see ``as_placed``.

    Raises:
        FacewrightError: The take cannot be read.
    """
    speech = SpeechTake(take, header, read_track(take), [], MouthStyle())
    return speech.track, as_placed(speech, settings)


def with_contacts(track: FaceTrack, settings: ApplySettings, clock: FrameClock) -> FaceTrack:
    """The values at the times at which keys will be written, with every contact on one of them.

    At fewer frames than the take has, a mean over its values would part lips that met. The frame
    nearest to where they were narrowest shows them so, half a frame away at most.
    """
    if settings.filters.key_times == "SOURCE" or not len(track):
        return track
    frames = clock.whole_frames(track.time_s[0], track.time_s[-1])
    if not len(frames):
        return track
    seconds = np.asarray(clock.seconds(frames), np.float64)
    shown = resample(track, seconds)
    parted = track.weights[:, INDEX["jawOpen"]] - track.weights[:, INDEX["mouthClose"]]
    for first, stop in runs(track.valid & (np.nan_to_num(parted, nan=1.0) <= _TOUCH)):
        rows = first + np.flatnonzero(parted[first:stop] <= parted[first:stop].min() + _SAME)
        frame = int(np.abs(seconds - track.time_s[rows].mean()).argmin())
        row = rows[np.abs(track.time_s[rows] - seconds[frame]).argmin()]
        if shown.valid[frame]:
            shown.weights[frame, MOUTH_COLUMNS] = track.weights[row, MOUTH_COLUMNS]
    return shown
