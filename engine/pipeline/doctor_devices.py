# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor's look at cameras and microphones."""

from __future__ import annotations

from ..core.errors import FacewrightError
from ..core.findings import NOTE, OK, PROBLEM, Findings
from ..core.requests import DoctorRequest

_SECONDS = 1.0
# Some cameras take seconds to their first picture.
_PATIENCE_S = 6.0
_SIZE, _RATE = (640, 360), 30
# Below this share of what the camera promises, something is wrong: light, cable, another program.
_SLOW = 0.8


def check_cameras(findings: Findings, request: DoctorRequest) -> None:
    """Which there are; each is opened for a second where that was asked for."""
    from ..sources.devices import list_cameras

    cameras = list_cameras()
    findings.facts["cameras"] = []
    if not cameras:
        findings.add("Cameras", "Cameras", "none was found", NOTE)
    elif not request.cameras:
        text = f"{len(cameras)} found, not opened"
        findings.add(
            "Cameras", "Cameras", text, NOTE, "With --cameras each is opened for a second."
        )
    for number, device in enumerate(cameras):
        fact: dict = {"name": device.name}
        findings.facts["cameras"].append(fact)
        if not request.cameras:
            findings.add("Cameras", f"Camera {number}", device.name)
            continue
        try:
            fact |= measure_camera(device)
        except FacewrightError as error:
            fact["problem"] = error.code
            text = f"{device.name}: {error.message}"
            findings.add("Cameras", f"Camera {number}", text, PROBLEM, error.hint)
        else:
            slow = fact["frames_per_second"] < _SLOW * fact["promised"]
            findings.add(
                "Cameras",
                f"Camera {number}",
                f"{device.name}: {fact['width']} x {fact['height']}, "
                f"{fact['frames_per_second']:.1f} of {fact['promised']:g} frames/s",
                PROBLEM if slow else OK,
                "More light lets most cameras go faster." if slow else "",
            )


def measure_camera(device, opener=None) -> dict:
    """Open a camera for a second.

    Args:
        device: A ``sources.devices.Device``.
        opener: What opens it; tests have their own.

    Returns:
        ``width``, ``height``, ``promised`` and ``frames_per_second``, by the times of its frames.

    Raises:
        FacewrightError: What ``sources.camera.Camera`` raises, e.g. ``camera-busy``.
    """
    from ..core.clock import now_s
    from ..sources.camera import Camera

    own = {"opener": opener} if opener else {}
    camera = Camera(device, size=_SIZE, rate=_RATE, first_picture_s=_PATIENCE_S, **own)
    times = []
    try:
        end_s = now_s() + _SECONDS
        while now_s() < end_s:
            if frame := camera.next_frame(0.2):
                times.append((frame.index, frame.time_s))
        size = camera.width, camera.height, float(camera.rate)
    finally:
        camera.close()
    rate = 0.0
    if len(times) > 1 and times[-1][1] > times[0][1]:
        rate = (times[-1][0] - times[0][0]) / (times[-1][1] - times[0][1])
    width, height, promised = size
    return {
        "width": width,
        "height": height,
        "promised": promised,
        "frames_per_second": round(rate, 2),
    }


def check_microphones(findings: Findings, _request: DoctorRequest) -> None:
    """Which there are."""
    from ..sources.devices import list_microphones

    names = [device.name for device in list_microphones()]
    findings.facts["microphones"] = names
    if not names:
        findings.add("Microphones", "Microphones", "none was found", NOTE)
    for number, name in enumerate(names):
        findings.add("Microphones", f"Microphone {number}", name)
