# SPDX-License-Identifier: GPL-3.0-or-later
"""From a SPEC, as on the command line, to a live source."""

from __future__ import annotations

from pathlib import Path

from ..core.errors import FacewrightError
from ..core.requests import LiveRequest
from .camera import Camera
from .devices import find_camera
from .live import LiveSource
from .paced_file import PacedFile


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
