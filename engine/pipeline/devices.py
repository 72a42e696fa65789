# SPDX-License-Identifier: GPL-3.0-or-later
"""What this machine could capture from."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from ..sources.devices import list_cameras, list_microphones


@dataclass(frozen=True)
class Devices:
    """Cameras and microphones.

    Attributes:
        cameras, microphones: JSON objects, see ``sources.devices.Device``.
    """

    cameras: list[dict]
    microphones: list[dict]


def find_devices() -> Devices:
    """Look for them; empty lists where there are none."""
    return Devices(
        [asdict(device) for device in list_cameras()],
        [asdict(device) for device in list_microphones()],
    )
