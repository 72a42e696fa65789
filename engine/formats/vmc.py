# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual Motion Capture protocol 3.1, OSC over UDP: Marionettes listen at 39539, Performers 39540.

https://protocol.vmc.info: a Performer sends a whole avatar to a Marionette, an Assistant a part of
one to a Performer. Values of ``/VMC/Ext/Blend/Val`` hold from the next ``/VMC/Ext/Blend/Apply``;
unknown addresses, surplus arguments and messages with too few are passed over.

Frame of reference: Unity's, left-handed, y up; the avatar faces +z and its right is +x. Ours (see
``core.types.FaceTrack``) has the actor's left at +x, so x is mirrored: a rotation (x, y, z, w) is
(x, -y, -z, w) here. Bones turn from the T-pose, in which all rotations are zero (VRM 0.x).
Metres there, centimetres here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from ..core.arkit import COUNT, NAMES, live_link_name
from ..core.axes import euler_deg, rotation_from_euler_deg
from ..core.types import FaceTrack
from . import osc
from .names import arkit_index
from .packet import LARGEST_VALUE
from .sample import FaceSample
from .vmc_presets import no_presets, preset_place, presets_of, weights_of

TITLE = "VMC"
MARIONETTE_PORT, PERFORMER_PORT = 39539, 39540
_BONES = ("Neck", "Head", "LeftEye", "RightEye")
_IDENTITY = (0.0, 0.0, 0.0, 1.0)
# Of a turned head the neck takes this part, as people's do.
_NECK_PART = 0.3
# Where an Assistant's eyes look at: metres ahead of the head.
_LOOK_AT_M = 1.0


class VmcDecoder:
    """A Marionette: keeps what was said until it is applied.

    Perfect Sync clips (the 52 ARKit names in any case) are weights as they are. Weights that no
    clip has told are understood by the presets (``vmc_presets``), where those are sent.
    """

    def __init__(self) -> None:
        self._weights = np.full(COUNT, np.nan)
        self._presets = no_presets()
        self._has_presets = False
        self._bones: dict[str, tuple[float, ...]] = {}
        self._root_m: np.ndarray | None = None
        self._time_s: float | None = None
        self._tracks = self._has_applied = True

    def feed(self, data: bytes) -> list[FaceSample]:
        """A sample for every Apply, and for OK without a face and Apply; see ``packet.Decoder``."""
        samples: list[FaceSample] = []
        is_lost = False
        for address, arguments in osc.parse(data):
            if address == "/VMC/Ext/Blend/Val":
                self._hear_value(arguments)
            elif address == "/VMC/Ext/Blend/Apply":
                samples.append(self._sample())
                self._has_applied, is_lost = True, False
            elif address == "/VMC/Ext/Bone/Pos":
                self._hear_bone(arguments)
            elif address == "/VMC/Ext/Root/Pos" and _are_numbers(arguments[1:4], 3):
                self._root_m = np.array(arguments[1:4], float)
            elif address == "/VMC/Ext/T" and _are_numbers(arguments[:1], 1):
                self._time_s = float(arguments[0])
            elif address == "/VMC/Ext/OK" and arguments:
                # loaded, calibration, mode, tracking; the last from version 2.7 on. An avatar that
                # is not loaded says nothing of the face.
                tracked, self._tracks = self._tracks, len(arguments) < 4 or arguments[3] != 0
                # Who goes on applying values tells the same by them.
                is_lost = not self._tracks and (tracked or not self._has_applied)
                self._has_applied = False
        if is_lost:
            samples.append(self._sample())
        return samples

    def _hear_value(self, arguments: list[osc.Argument]) -> None:
        if len(arguments) < 2 or not isinstance(arguments[0], str):
            return
        name, value = arguments[:2]
        if not _are_numbers([value], 1):
            return
        if (place := arkit_index(name)) is not None:
            self._weights[place] = value
        elif (place := preset_place(name)) is not None:
            self._presets[place] = value
            self._has_presets = True

    def _hear_bone(self, arguments: list[osc.Argument]) -> None:
        if not (arguments and arguments[0] in _BONES and _are_numbers(arguments[4:8], 4)):
            return
        if (length := math.hypot(*arguments[4:8])) > 1e-6:
            self._bones[arguments[0]] = tuple(part / length for part in arguments[4:8])

    def _sample(self) -> FaceSample:
        weights = self._weights.copy()
        if self._has_presets:
            weights = np.where(np.isnan(weights), weights_of(self._presets), weights)
        sample = FaceSample(self._time_s, self._tracks, weights)
        self._time_s = None  # a time that is not told again is no later sample's
        if self._bones:
            neck, top, *eyes = (_rotation(self._bones.get(bone, _IDENTITY)) for bone in _BONES)
            angles = euler_deg(np.stack([neck @ top, *eyes]))
            if "Head" in self._bones or "Neck" in self._bones:
                sample.head_deg[:] = angles[0]
            for eye, bone in enumerate(("LeftEye", "RightEye")):
                if bone in self._bones:
                    sample.gaze_deg[eye] = angles[1 + eye, :2]
        if self._root_m is not None:
            sample.head_cm[:] = self._root_m * [-100.0, 100.0, 100.0]
        return sample


def encode_performer(row: FaceTrack, time_s: float, presets: bool = False) -> list[bytes]:
    """A frame of a Performer, to a Marionette (port 39539).

    Args:
        row: A track of one frame. Without a face only OK (tracking bad) and the time are sent.
        time_s: Seconds on our clock.
        presets: Send VRM's presets (A, Blink, Joy ...) instead of the 52 Perfect Sync clips. Not
            both: avatars that have both would move twice.

    Returns:
        Bundles of at most 1500 bytes, in order.
    """
    seen = bool(row.valid[0])
    said = [
        osc.message("/VMC/Ext/OK", 1, 3, 0, int(seen)),
        osc.message("/VMC/Ext/T", float(time_s)),
    ]
    if seen:
        said.append(osc.message("/VMC/Ext/Root/Pos", "root", *_pose(_IDENTITY)))
        said += [
            osc.message("/VMC/Ext/Bone/Pos", bone, *_pose(turn))
            for bone, turn in _bones_of(row).items()
        ]
        said += _blend(row, presets)
    return osc.bundles(said)


def encode_assistant(row: FaceTrack) -> list[bytes]:
    """A frame of an Assistant, to a Performer (port 39540): the face and where the eyes look.

    Args:
        row: A track of one frame. Without a face nothing is sent.

    Returns:
        Bundles of at most 1500 bytes, in order.
    """
    if not row.valid[0]:
        return []
    pitch, yaw = np.radians(np.nan_to_num(row.gaze_deg[0].astype(float)).mean(axis=0))
    ahead = [-np.sin(yaw) * np.cos(pitch), -np.sin(pitch), np.cos(yaw) * np.cos(pitch)]
    target = [float(value) * _LOOK_AT_M for value in ahead]
    return osc.bundles([*_blend(row), osc.message("/VMC/Ext/Set/Eye", 1, *target)])


def is_vmc(addresses: list[str]) -> bool:
    """Whether a packet with these OSC addresses speaks VMC."""
    return any(address.startswith("/VMC/") for address in addresses)


def _blend(row: FaceTrack, presets: bool = False) -> list[bytes]:
    """The face as Perfect Sync clips, or as VRM's presets."""
    weights = np.nan_to_num(row.weights[0].astype(float))
    if presets:
        values = presets_of(weights)
    else:
        named = zip(NAMES, weights, strict=True)
        values = {live_link_name(name): float(weight) for name, weight in named}
    said = [osc.message("/VMC/Ext/Blend/Val", name, value) for name, value in values.items()]
    return [*said, osc.message("/VMC/Ext/Blend/Apply")]


def _bones_of(row: FaceTrack) -> dict[str, np.ndarray]:
    """Unity quaternions x, y, z, w of neck, head and eyes."""
    head = _quaternion(np.nan_to_num(row.head_deg[0].astype(float)))
    gaze = np.nan_to_num(row.gaze_deg[0].astype(float))
    left, right = (_quaternion(np.array([*eye, 0.0])) for eye in gaze)
    return {
        "Neck": _part(head, _NECK_PART),
        "Head": _part(head, 1.0 - _NECK_PART),
        "LeftEye": left,
        "RightEye": right,
    }


def _rotation(turn: tuple[float, ...]) -> np.ndarray:
    """Unity quaternion x, y, z, w of length 1 -> our rotation matrix."""
    x, y, z, w = turn[0], -turn[1], -turn[2], turn[3]
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def _quaternion(angles: np.ndarray) -> np.ndarray:
    """Pitch, yaw, roll in degrees -> Unity quaternion x, y, z, w with w >= 0."""
    r = rotation_from_euler_deg(angles)
    # The largest of the four is found first, so that none is divided by nothing (Shepperd).
    squares = 1.0 + np.array(
        [
            r[0, 0] - r[1, 1] - r[2, 2],
            r[1, 1] - r[0, 0] - r[2, 2],
            r[2, 2] - r[0, 0] - r[1, 1],
            r[0, 0] + r[1, 1] + r[2, 2],
        ]
    )
    largest = int(np.argmax(squares))
    rows = (
        (squares[0], r[1, 0] + r[0, 1], r[0, 2] + r[2, 0], r[2, 1] - r[1, 2]),
        (r[1, 0] + r[0, 1], squares[1], r[2, 1] + r[1, 2], r[0, 2] - r[2, 0]),
        (r[0, 2] + r[2, 0], r[2, 1] + r[1, 2], squares[2], r[1, 0] - r[0, 1]),
        (r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1], squares[3]),
    )
    turn = np.array(rows[largest]) / (2.0 * np.sqrt(squares[largest]))
    return turn * [1.0, -1.0, -1.0, 1.0] * (1.0 if turn[3] >= 0 else -1.0)


def _part(turn: np.ndarray, part: float) -> np.ndarray:
    """The same axis, a part of the angle."""
    sine = float(np.linalg.norm(turn[:3]))
    if sine < 1e-9:
        return np.array(_IDENTITY)
    half = float(np.arctan2(sine, turn[3])) * part
    return np.array([*(turn[:3] / sine * np.sin(half)), np.cos(half)])


def _pose(turn: Iterable[float]) -> list[float]:
    return [0.0, 0.0, 0.0, *(float(value) for value in turn)]


def _are_numbers(arguments: list[osc.Argument], count: int) -> bool:
    """Whether there are so many, all of them numbers that can be meant."""
    return len(arguments) == count and all(
        isinstance(a, int | float) and -LARGEST_VALUE <= a <= LARGEST_VALUE for a in arguments
    )
