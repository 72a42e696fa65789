# SPDX-License-Identifier: GPL-3.0-or-later
"""What a face moves on a character: from each ARKit channel to keys, bones and properties.

A mapping is data, many to many: a channel has any number of drives, and a drive's target may have
any number of channels. ``mapping_file`` keeps it as JSON, ``mixing`` turns weights into values.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ..core.arkit import NAMES, REGIONS, region_of
from ..core.errors import FacewrightError

if TYPE_CHECKING:
    from .fit import Fit
    from .poses import BonePose

TRANSFORMS = ("location", "rotation", "scale")
AXES = ("X", "Y", "Z")
# How finely the inverse of a response curve is looked for.
_INVERSE_STEPS = 1001


@dataclass(frozen=True)
class KeyDrive:
    """A shape key.

    Attributes:
        key: Its name.
        weight: The key's value when the channel is at 1; may be negative.
        object: Name of the object whose key it is; empty is every mesh that has such a key.
    """

    key: str
    weight: float = 1.0
    object: str = ""


@dataclass(frozen=True)
class BoneDrive:
    """One number of a pose bone, in its own axes.

    Attributes:
        bone: Its name.
        transform: One of ``TRANSFORMS``.
        axis: One of ``AXES``.
        amount: How far it goes when the channel is at 1: location in the armature's units,
            rotation in degrees about the axis, scale as an addition to 1.
        rest: Where it is when the channel is at 0, in the same units.
        object: Name of the armature; empty is the character's own.
    """

    bone: str
    transform: str
    axis: str
    amount: float
    rest: float = 0.0
    object: str = ""


@dataclass(frozen=True)
class PropertyDrive:
    """Any animatable number.

    Attributes:
        path: RNA path from the object, with an index where it is an array: ``["smile"]``,
            ``modifiers["Puff"].strength``, ``location[2]``.
        amount: How far it goes when the channel is at 1.
        rest: Where it is when the channel is at 0.
        object: Name of the object; empty is the character's first.
    """

    path: str
    amount: float = 1.0
    rest: float = 0.0
    object: str = ""


Drive = KeyDrive | BoneDrive | PropertyDrive


@dataclass(frozen=True)
class Row:
    """One ARKit channel.

    A weight w becomes ``min(max(gain * curve(w) + offset, low), high)``, with ``curve(1 - w)``
    where it is inverted; that number times a drive's weight or amount reaches the target.

    Attributes:
        drives: What it moves; empty moves nothing.
        gain: Factor.
        offset: Added after the gain.
        invert: Full at rest.
        curve: Points (x, y) of the response with increasing x, straight in between and level
            outside; empty is a straight line.
        low, high: Limits of the result.
        mute: Moves nothing for now.
        approximate: The target is a likeness, not the same movement.
        note: Why, a sentence for the artist.
    """

    drives: tuple[Drive, ...] = ()
    gain: float = 1.0
    offset: float = 0.0
    invert: bool = False
    curve: tuple[tuple[float, float], ...] = ()
    low: float = -10.0
    high: float = 10.0
    mute: bool = False
    approximate: bool = False
    note: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether a weight arrives unchanged."""
        return replace(self, drives=(), approximate=False, note="") == Row()

    def respond(self, weights: np.ndarray) -> np.ndarray:
        """The channel's weights after gain, curve, offset and limits: float64, same shape."""
        values = np.asarray(weights, np.float64)
        if self.mute:
            return np.zeros_like(values)
        if self.invert:
            values = 1 - values
        if self.curve:
            x, y = np.array(self.curve, np.float64).T
            values = np.interp(values, x, y)
        return np.clip(self.gain * values + self.offset, self.low, self.high)

    def undo(self, values: np.ndarray) -> np.ndarray:
        """The weights that respond with these values: the smallest of several, 0 where none do."""
        values = np.asarray(values, np.float64)
        if self.mute or self.gain == 0:
            return np.zeros_like(values)
        reached = (values - self.offset) / self.gain
        if self.curve:
            weights = np.linspace(0, 1, _INVERSE_STEPS)
            nearest = np.abs(
                np.interp(weights, *zip(*self.curve, strict=True)) - reached[..., None]
            )
            reached = weights[nearest.argmin(axis=-1)]
        return 1 - reached if self.invert else reached


@dataclass(frozen=True)
class _Lines:
    """Responses of the 52 channels: straight lines with limits, and the rows that have curves."""

    slope: np.ndarray
    offset: np.ndarray
    low: np.ndarray
    high: np.ndarray
    curved: tuple[tuple[int, Row], ...]


@dataclass(frozen=True)
class Mapping:
    """All channels of a character.

    Attributes:
        rows: ARKit name -> row, in ARKit order; a channel that is not there moves nothing.
        name: What a person calls it.
        notes: Where it comes from.
        region_gains: Factor by part of the face, one of ``core.arkit.REGIONS``.
        mirror: The character's left follows the actor's right.
        poses: ARKit name -> bone -> how the bone stands when the channel is at 1 (``poses``).
        poses_object: Name of the armature of the poses; empty is the character's own.
        fit: Keys that move together as the channels would (``fit``); it decides their values, and
            the rows' drives of these keys only tell who takes part.

    Raises:
        FacewrightError: ``mapping-invalid``: it says what is wrong.
    """

    rows: Dictionary[str, Row] = field(default_factory=dict)
    name: str = ""
    notes: str = ""
    region_gains: Dictionary[str, float] = field(default_factory=dict)
    mirror: bool = False
    poses: Dictionary[str, Dictionary[str, BonePose]] = field(default_factory=dict)
    poses_object: str = ""
    fit: Fit | None = None

    def __post_init__(self) -> None:
        for known, found, what in (
            (NAMES, (*self.rows, *self.poses), "no ARKit channel"),
            (REGIONS, self.region_gains, "no part of the face"),
        ):
            if unknown := sorted(set(found) - set(known)):
                raise invalid(f'"{unknown[0]}" is {what}')
        object.__setattr__(self, "rows", {n: self.rows[n] for n in NAMES if n in self.rows})
        for name, row in self.rows.items():
            _check_row(name, row)
        if not all(math.isfinite(gain) for gain in self.region_gains.values()):
            raise invalid("a gain is not a finite number")

    def respond(self, weights: np.ndarray) -> np.ndarray:
        """All channels after their responses and the gains of their regions.

        Args:
            weights: float (..., 52), in ARKit order.

        Returns:
            float64 (..., 52). Channels without a row are 0; those with stored poses or a fit alone
            follow the plain weight.
        """
        weights = np.asarray(weights, np.float64)
        lines = self._lines
        out = np.clip(weights * lines.slope + lines.offset, lines.low, lines.high)
        for index, row in lines.curved:
            out[..., index] = row.respond(weights[..., index])
        return out

    @cached_property
    def _lines(self) -> _Lines:
        """All responses as arrays: a live preview asks for them with every frame."""
        slope, offset, low, high = np.zeros((4, len(NAMES)))
        curved = []
        followed = {*self.poses, *(self.fit.channels if self.fit else ())}
        for index, name in enumerate(NAMES):
            row = self.rows.get(name) or (Row() if name in followed else None)
            if row is None or row.mute:
                continue
            gain = row.gain * self.region_gains.get(region_of(name), 1.0)
            slope[index] = -gain if row.invert else gain
            offset[index] = row.offset + (gain if row.invert else 0.0)
            low[index], high[index] = row.low, row.high
            if row.curve:
                curved.append((index, replace(row, gain=gain)))
        return _Lines(slope, offset, low, high, tuple(curved))

    def invert(self, channels: np.ndarray, told: Collection[int] | None = None) -> np.ndarray:
        """The weights that ``respond`` makes these channels of, as far as they can be told.

        Args:
            channels: float (..., 52).
            told: Which of the 52 something tells; the others stay as they are, for a row with an
                offset would make a movement of nothing. None is all.

        Returns:
            float64 (..., 52). See ``Row.undo``.
        """
        out = np.array(channels, np.float64)
        for index, name in enumerate(NAMES):
            row = self.rows.get(name) if told is None or index in told else None
            gain = self.region_gains.get(region_of(name), 1.0)
            if row is not None and not (row.is_plain and gain == 1):
                out[..., index] = replace(row, gain=row.gain * gain).undo(out[..., index])
        return out

    @property
    def is_plain(self) -> bool:
        """Whether every weight arrives unchanged."""
        return all(row.is_plain for row in self.rows.values()) and all(
            gain == 1 for gain in self.region_gains.values()
        )

    @property
    def moves_other_than_keys(self) -> bool:
        """Whether bones or properties follow."""
        return bool(self.poses) or any(
            not isinstance(drive, KeyDrive) for row in self.rows.values() for drive in row.drives
        )

    def keys(self) -> dict[str, list[tuple[str, float]]]:
        """ARKit name -> shape keys and their weights, whatever the object; for reports."""
        found: dict[str, list[tuple[str, float]]] = {}
        for name, row in self.rows.items():
            pairs = dict.fromkeys((d.key, d.weight) for d in row.drives if isinstance(d, KeyDrive))
            if pairs:
                found[name] = list(pairs)
        return found


def invalid(what: str) -> FacewrightError:
    """The error of a mapping that cannot be used."""
    return FacewrightError(
        f"The mapping cannot be used: {what}.", "Mend it, or match anew.", "mapping-invalid"
    )


def _check_row(name: str, row: Row) -> None:
    numbers = [row.gain, row.offset, row.low, row.high, *(n for point in row.curve for n in point)]
    for drive in row.drives:
        if isinstance(drive, KeyDrive):
            numbers.append(drive.weight)
        else:
            numbers += [drive.amount, drive.rest]
        if isinstance(drive, BoneDrive) and (
            drive.transform not in TRANSFORMS or drive.axis not in AXES
        ):
            raise invalid(f'{name} moves "{drive.transform} {drive.axis}" of a bone')
    if not all(math.isfinite(number) for number in numbers):
        raise invalid(f"a number of {name} is not finite")
    if row.low > row.high:
        raise invalid(f"the limits of {name} are the wrong way round")
    xs = [x for x, _ in row.curve]
    if any(b <= a for a, b in pairwise(xs)):
        raise invalid(f"the points of the curve of {name} do not go from left to right")
