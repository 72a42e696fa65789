# SPDX-License-Identifier: GPL-3.0-or-later
"""From a SPEC, as on the command line, to a live source of pictures or of sound."""

from __future__ import annotations

from pathlib import Path

from ..core.errors import FacewrightError
from ..core.live_source import MICROPHONE
from ..core.requests import LiveRequest
from .camera import Camera
from .devices import find_camera
from .live import LiveSource
from .live_microphone import LiveMicrophone
from .live_sound import LiveSound
from .paced_file import PacedFile
from .paced_sound import PacedSound


def open_live_source(request: LiveRequest) -> LiveSource:
    """Open what a request names.

    Args:
        request: ``source`` is "webcam:0", "webcam:part of its name" (all that
            ``devices.find_camera`` knows), "file:clip.mp4" or the path of a file alone.

    Raises:
        FacewrightError: ``source-unknown``, or what the camera or the file raises.
    """
    kind, _, rest = request.source.partition(":")
    if kind == "file" and rest:
        return PacedFile(rest, request.realtime, request.repeat)
    if kind != "webcam" and Path(request.source).suffix:  # of Windows, too: "C:\\clip.mp4"
        return PacedFile(request.source, request.realtime, request.repeat)
    if kind == "webcam" and rest:
        return Camera(find_camera(rest), size=(request.width, request.height), rate=request.rate)
    raise FacewrightError(
        f'"{request.source}" names no live source.',
        'Give "webcam:0", "webcam:NAME" or "file:CLIP.mp4".',
        "source-unknown",
    )


def open_live_sound(request: LiveRequest) -> LiveSound:
    """Open what a request names.

    Args:
        request: ``source`` is "mic:" for the first microphone, "mic:NAME" (all that
            ``devices.find_microphone`` knows), "file:voice.wav" or the path of a sound alone.

    Raises:
        FacewrightError: ``no-microphone``, ``microphone-unknown``, or what ``SoundFile`` raises.
    """
    kind, _, rest = request.source.partition(":")
    if kind == MICROPHONE:
        return LiveMicrophone(rest or "0")
    return PacedSound(rest if kind == "file" else request.source, request.realtime, request.repeat)
