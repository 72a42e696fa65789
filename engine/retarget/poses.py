# SPDX-License-Identifier: GPL-3.0-or-later
"""Stored poses: how bones stand when an ARKit channel is at 1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..core.errors import FacewrightError


@dataclass(frozen=True)
class BonePose:
    """One bone of a stored pose, relative to rest, in the bone's own axes (``matrix_basis``).

    Attributes:
        location: In the armature's units.
        rotation: Unit quaternion w, x, y, z.
        scale: Factors.
    """

    location: tuple[float, float, float] = (0.0, 0.0, 0.0)
    rotation: tuple[float, float, float, float] = (1.0, 0.0, 0.0, 0.0)
    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)


Poses = Mapping[str, Mapping[str, BonePose]]
_FIELDS = {"location": 3, "rotation": 4, "scale": 3}


def poses_to_json(poses: Poses) -> dict:
    """ARKit name -> bone -> what differs from rest."""
    return {
        name: {
            bone: {
                field: list(getattr(pose, field))
                for field in _FIELDS
                if getattr(pose, field) != getattr(BonePose, field)
            }
            for bone, pose in bones.items()
        }
        for name, bones in poses.items()
    }


def poses_from_json(data: dict) -> dict[str, dict[str, BonePose]]:
    """The inverse of ``poses_to_json``.

    Raises:
        FacewrightError: ``mapping-invalid``.
    """
    return {
        name: {bone: _pose(f'bone "{bone}" of {name}', pose) for bone, pose in bones.items()}
        for name, bones in _items(data, "poses")
    }


def _items(data: dict, what: str):
    for name, bones in data.items():
        if not isinstance(bones, dict):
            raise _invalid(f"{name} of the {what} is no object")
        yield name, bones


def _pose(what: str, data: object) -> BonePose:
    if not isinstance(data, dict) or set(data) - set(_FIELDS):
        raise _invalid(f"{what} is no pose")
    for field, length in _FIELDS.items():
        value = data.get(field, [0.0] * length)
        if (
            not isinstance(value, list)
            or len(value) != length
            or any(isinstance(n, bool) or not isinstance(n, int | float) for n in value)
        ):
            raise _invalid(f"{field} of {what} is not {length} numbers")
    return BonePose(**{field: tuple(map(float, value)) for field, value in data.items()})


def _invalid(what: str) -> FacewrightError:
    return FacewrightError(
        f"The mapping cannot be used: {what}.", "Mend it, or match anew.", "mapping-invalid"
    )
