# SPDX-License-Identifier: GPL-3.0-or-later
"""The recording that a face speaks: a file, or what is heard of a strip of the Sequencer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import bpy

from ..engine.core.clock import FrameClock
from ..engine.core.errors import FacewrightError
from . import sequencer
from .clock import scene_clock

# A strip that plays at this speed plays as it was recorded.
_AS_RECORDED = 1.0
# Faster than this no sound can be told from noise, and slower none from silence.
_SLOWEST, _FASTEST = 0.05, 20.0


@dataclass(frozen=True)
class SpeechSource:
    """A recording and where it lies on the timeline.

    Attributes:
        path: The file.
        start_frame: The frame on which its second 0 falls, or would fall.
        speed: Seconds of the recording that pass in one second of the timeline.
        first_s, last_s: What is heard of it, seconds; ``last_s`` is None for its end.
        strip: Name of its strip where it lies in the Sequencer already, or empty.
    """

    path: Path
    start_frame: float
    speed: float = 1.0
    first_s: float = 0.0
    last_s: float | None = None
    strip: str = ""

    def clock(self, scene: bpy.types.Scene) -> FrameClock:
        """From the recording's seconds to frames of the timeline."""
        return scene_clock(scene, self.start_frame, self.speed)


def file_source(path: str, start_frame: float) -> SpeechSource:
    """A sound or video file that starts on a frame.

    Raises:
        FacewrightError: ``no-sound``, ``file-missing``.
    """
    if not path:
        raise FacewrightError(
            "No sound is chosen.", "Choose a sound file, or a strip of the Sequencer.", "no-sound"
        )
    file = Path(bpy.path.abspath(path)).absolute()
    if not file.is_file():
        raise FacewrightError(f"There is no file {file}.", "Check the path.", "file-missing")
    return SpeechSource(file, start_frame)


def chosen_strip(scene: bpy.types.Scene, name: str):
    """The strip of a name, or the active one where no name is given.

    Raises:
        FacewrightError: ``strip-missing``.
    """
    if name:
        strip = next((s for s in sequencer.strips_in(scene) if s.name == name), None)
        if strip is None:
            raise FacewrightError(
                f'There is no strip "{name}" in the Sequencer of this scene.',
                "Choose another strip.",
                "strip-missing",
            )
        return strip
    strip = sequencer.active_strip(scene)
    if strip is None:
        raise FacewrightError(
            "No strip of the Sequencer is active.",
            "Click a strip in the Sequencer, or choose one by its name.",
            "strip-missing",
        )
    return strip


def needs_mixing(strip) -> bool:
    """Whether only Blender itself knows what is heard.

    That is so for a meta strip, one of several speeds, and one of another speed whose start was
    cut off for good.
    """
    if strip.type == "META":
        return True
    if strip.type not in ("SOUND", "MOVIE"):
        return False
    keys = len(strip.retiming_keys)
    return keys > 2 or (keys == 2 and any(sequencer.content_trim(strip)))


def strip_source(scene: bpy.types.Scene, strip, length_s: float | None = None) -> SpeechSource:
    """What is heard of a strip: its trims, its offset and its speed are taken into account.

    Args:
        scene: Its frame rate is used.
        strip: A sound or movie strip.
        length_s: Length of the file, needed where the strip plays at another speed.

    Raises:
        FacewrightError: ``strip-without-sound``, ``file-missing``, ``strip-speed``.
    """
    path = sequencer.sound_path(strip) or sequencer.movie_path(strip)
    if not path:
        kind = strip.type.replace("_", " ").lower()
        raise FacewrightError(
            f'The strip "{strip.name}" is a {kind} strip and has no sound file.',
            "Choose a sound strip.",
            "strip-without-sound",
        )
    file = Path(path).absolute()
    if not file.is_file():
        raise FacewrightError(
            f'The file {file} of the strip "{strip.name}" is not there.',
            "Find it again in the strip's settings; a packed sound must be unpacked first.",
            "file-missing",
        )
    rate = scene_clock(scene).rate
    trimmed = sequencer.content_trim(strip)
    speed = _speed(strip, trimmed, length_s, rate)
    # The content begins here, and it begins behind what was cut off for good.
    offset_s = getattr(strip, "sound_offset", 0.0) or 0.0
    zero = sequencer.content_start(strip) + (offset_s * rate - trimmed[0]) / speed
    clock = scene_clock(scene, zero, speed)
    first, end = sequencer.handles(strip)
    first_s = max(float(clock.seconds(first)), 0.0)
    last_s = float(clock.seconds(end))
    if last_s <= 0 or (length_s is not None and first_s >= length_s):
        raise FacewrightError(
            f'Nothing is heard of the sound between the ends of the strip "{strip.name}".',
            "Choose another strip, or move its handles.",
            "strip-empty",
        )
    if length_s is not None:
        last_s = min(last_s, length_s)
    return SpeechSource(file, zero, speed, first_s, last_s, strip.name)


def mixed_source(scene: bpy.types.Scene, strip, path: Path) -> SpeechSource:
    """What is heard of a strip, written as a new sound file.

    Raises:
        FacewrightError: ``strip-unmixable``.
    """
    try:
        sequencer.mix_down(scene, strip, path)
    except (RuntimeError, TypeError, AttributeError) as error:
        raise FacewrightError(
            f'Blender cannot mix the sound of the strip "{strip.name}": {str(error).strip()}',
            "Choose a plain sound strip of one speed.",
            "strip-unmixable",
        ) from error
    if not path.is_file():
        raise FacewrightError(
            f'Blender has mixed no sound of the strip "{strip.name}".',
            "Choose a plain sound strip of one speed.",
            "strip-unmixable",
        )
    return SpeechSource(path, sequencer.handles(strip)[0], strip=strip.name)


def sound_length_s(strip) -> float | None:
    """Length of a strip's file in seconds, as Blender reads it; None where it cannot tell."""
    try:
        import aud  # only where Blender was built with sound
    except ImportError:
        return None
    try:
        heard = aud.Sound(sequencer.sound_path(strip) or sequencer.movie_path(strip))
        return heard.length / heard.specs[0]
    except (aud.error, TypeError, ZeroDivisionError):
        return None


def _speed(strip, trimmed: tuple[int, int], length_s: float | None, rate: float) -> float:
    """Blender tells when the keys of a strip's speed are, but not how fast it plays between."""
    keys = [key.timeline_frame for key in strip.retiming_keys]
    if len(keys) < 2:
        return _AS_RECORDED
    shown = max(keys) - min(keys)
    if length_s is None or shown <= 0:
        raise FacewrightError(
            f'The speed of the strip "{strip.name}" cannot be told.',
            "Give it its own speed again, or choose the sound's file.",
            "strip-speed",
        )
    # Blender counts the content in whole frames.
    speed = (round(length_s * rate) - sum(trimmed)) / shown
    if not _SLOWEST <= speed <= _FASTEST:
        raise FacewrightError(
            f'The strip "{strip.name}" plays at {speed:.3g} times its speed.',
            f"Speeds from {_SLOWEST:g} to {_FASTEST:g} can be lip-synced.",
            "strip-speed",
        )
    # A rounded length is no reason to drift.
    return _AS_RECORDED if abs(speed * shown - shown) < 0.75 else speed
