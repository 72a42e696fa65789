# SPDX-License-Identifier: GPL-3.0-or-later
"""The cameras and microphones of this machine, by name."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av
from av.error import FFmpegError

from ..core.errors import FacewrightError
from . import linux_devices

# libavdevice's formats for cameras and microphones.
_FORMATS = {
    "linux": ("video4linux2", "alsa"),
    "win32": ("dshow", "dshow"),
    "darwin": ("avfoundation", "avfoundation"),
}
# What else may be captured as if it were a camera, chosen as "format:id": a screen, a test picture.
SCREENS = ("x11grab", "lavfi")
# DirectShow's classes of devices, part of their unique names: cameras, programs that act as
# cameras, sound.
_DSHOW_VIDEO = ("@device_pnp_", "@device_sw_{860bb310-5d01-11d0-bd3b-00a0c911ce86}")
_DSHOW_AUDIO = ("@device_cm_{33d9a762-90c8-11d0-bd43-00a0c911ce86}",)


@dataclass(frozen=True)
class Device:
    """Something that gives pictures or sound.

    Attributes:
        id: What the driver calls it: "/dev/video0", a DirectShow name, a number.
        name: What a person calls it.
        format: libavdevice's name of the kind of driver.
    """

    id: str
    name: str
    format: str


def list_cameras() -> list[Device]:
    """The cameras of this machine; empty where there are none."""
    return _list("video", 0, linux_devices.list_video)


def list_microphones() -> list[Device]:
    """The microphones of this machine; empty where there are none."""
    return _list("audio", 1, linux_devices.list_audio)


def find_camera(spec: str, cameras: Sequence[Device] | None = None) -> Device:
    """The camera that somebody means.

    Args:
        spec: A number ("0" is the first of the list), an id or path, a part of a name in any
            case, or "x11grab::0", a screen captured like a camera.
        cameras: The list to look in; None looks at the machine.

    Raises:
        FacewrightError: ``no-camera`` when there is none at all, ``camera-unknown``.
    """
    kind, _, rest = spec.partition(":")
    if kind in SCREENS and rest:
        return Device(rest, spec, kind)
    return _find(spec, list_cameras() if cameras is None else cameras, "camera")


def find_microphone(spec: str, microphones: Sequence[Device] | None = None) -> Device:
    """The microphone that somebody means, as ``find_camera``.

    Raises:
        FacewrightError: ``no-microphone`` or ``microphone-unknown``.
    """
    kind, _, rest = spec.partition(":")
    if kind == "lavfi" and rest:
        return Device(rest, spec, kind)
    known = list_microphones() if microphones is None else microphones
    return _find(spec, known, "microphone")


def same_again(device: Device, cameras: Sequence[Device]) -> Device | None:
    """Where a camera is now that was unplugged: numbers change when it comes back.

    Args:
        device: What it was.
        cameras: What is there.

    Returns:
        The camera with its id and name, else the first one with its name, else None. What is no
        camera (a screen) is always where it was.
    """
    if all(device.format != camera for camera, _microphone in _FORMATS.values()):
        return device
    if device in cameras:
        return device
    return next((camera for camera in cameras if camera.name == device.name), None)


def reported_by(format_name: str, kind: str, reported: Sequence[av.DeviceInfo]) -> list[Device]:
    """What libavdevice reports of Windows or macOS, as devices of one kind.

    Args:
        format_name: "dshow" or "avfoundation".
        kind: "video" or "audio".
        reported: From ``av.enumerate_input_devices``.

    Returns:
        Devices by their unique names (DirectShow) or numbers (AVFoundation). The screens, which
        AVFoundation counts as cameras, are left out.
    """
    found = []
    for info in reported:
        name = info.description or info.name
        screen = format_name == "avfoundation" and name.startswith("Capture screen")
        if kind in (info.media_types or _dshow_kind(info.name)) and not screen:
            found.append(Device(info.name, name, format_name))
    return found


def open_driver(
    address: str, format_name: str, options: dict[str, str]
) -> av.container.InputContainer:
    """A device as PyAV's container.

    Raises:
        FFmpegError, OSError: It does not open, or this FFmpeg lacks the kind of driver.
    """
    try:
        return av.open(address, format=format_name, options=options)
    except FFmpegError:
        raise
    except ValueError as error:  # PyAV's own, for a format that is not in its wheel
        raise OSError(errno.ENOSYS, f"FFmpeg has no {format_name} here") from error


def use_system_alsa() -> None:
    """Let the ALSA library in PyAV's wheel find the system's configuration.

    The wheel was built in a folder that exists nowhere else and looks for it there; without it not
    even "hw:0" is known. A choice of the person's own stays.
    """
    configuration = Path("/usr/share/alsa/alsa.conf")
    if configuration.is_file():
        os.environ.setdefault("ALSA_CONFIG_PATH", str(configuration))


def _list(kind: str, which: int, from_kernel) -> list[Device]:
    platform = "linux" if sys.platform.startswith("linux") else sys.platform
    if platform not in _FORMATS:
        return []
    format_name = _FORMATS[platform][which]
    if platform == "linux":
        return [Device(key, name, format_name) for key, name in from_kernel()]
    try:
        return reported_by(format_name, kind, av.enumerate_input_devices(format_name))
    except (FFmpegError, ValueError, OSError):
        return []  # DirectShow fails where it has none


def _dshow_kind(unique_name: str) -> tuple[str, ...]:
    """The kind of a DirectShow device that did not tell, because another program has it."""
    if unique_name.lower().startswith(_DSHOW_VIDEO):
        return ("video",)
    return ("audio",) if unique_name.lower().startswith(_DSHOW_AUDIO) else ()


def _find(spec: str, known: Sequence[Device], what: str) -> Device:
    if not known:
        raise FacewrightError(
            f"No {what} was found.", "Plug one in, or check that the system sees it.", f"no-{what}"
        )
    wanted = spec.strip()
    if wanted.isdecimal() and int(wanted) < len(known):
        return known[int(wanted)]
    # "/dev/v4l/by-id/..." are links to the nodes.
    paths = {wanted, str(Path(wanted).resolve())} if wanted.startswith("/") else {wanted}
    for device in known:
        if device.id in paths:
            return device
    for device in known:
        # A number is a place in the list, never a part of "C920".
        if wanted and not wanted.isdecimal() and wanted.casefold() in device.name.casefold():
            return device
    there = ", ".join(f"{i}: {device.name} ({device.id})" for i, device in enumerate(known))
    raise FacewrightError(
        f'There is no {what} "{wanted}".', f"There are: {there}.", f"{what}-unknown"
    )
