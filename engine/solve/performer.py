# SPDX-License-Identifier: GPL-3.0-or-later
"""A performer: the face at rest and how far it goes, as one clip or profile knows it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..core.arkit import NAMES
from ..core.engines import DEFAULT_ENGINE
from ..core.errors import FacewrightError
from ..core.requests import PERFORMER_SUFFIX
from ..core.types import APPEARANCE, LANDMARKS

SCHEMA = "FacewrightPerformer.1"


@dataclass(frozen=True)
class Performer:
    """What is particular to one face.

    Attributes:
        rest: float32 (1434,), landmarks of the face at rest, turned to the front
            (``frontal.Frontal.points``), cm.
        appearance: float32 (256,), appearance at rest; NaN where the tracker has none.
        idle: float32 (52,), what the network still reads in the face at rest, 0..1.
        reach: float32 (52,), the strongest value that was seen of each weight, 0..1; 0 where
            the movement was never seen.
        frames: How many frames with a face were studied.
        appearance_model: SHA-256 of the network that made ``appearance``; another network's
            numbers cannot be compared with it.
        engine: The tracking engine whose landmarks ``rest`` is made of, as a take's header calls
            it. Engines put landmarks in other places of the same face.
    """

    rest: np.ndarray
    appearance: np.ndarray
    idle: np.ndarray
    reach: np.ndarray
    frames: int
    appearance_model: str = ""
    engine: str = DEFAULT_ENGINE


def write_performer(path: Path | str, performer: Performer) -> None:
    """Write a profile as readable JSON, replacing the file only when it is complete.

    Raises:
        FacewrightError: ``performer-unwritable``.
    """
    path = Path(path)
    data = performer_to_json(performer)
    partial = path.with_name(f"{path.name}.part")
    try:
        partial.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise FacewrightError(
            f"The performer profile {path} cannot be written ({error.strerror}).",
            "Choose a folder that exists and may be written to.",
            "performer-unwritable",
        ) from error


def read_performer(path: Path | str) -> Performer:
    """Read a profile.

    Raises:
        FacewrightError: ``performer-missing`` or ``performer-unreadable``.
    """
    path = Path(path)
    try:
        return performer_from_json(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise FacewrightError(
            f"There is no performer profile {path}.", "Check the path.", "performer-missing"
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FacewrightError(
            f"{path} is not a performer profile of this version ({error}).",
            f"Choose a {PERFORMER_SUFFIX} file that Facewright wrote.",
            "performer-unreadable",
        ) from error


def performer_to_json(performer: Performer) -> dict:
    """A profile as a JSON object."""
    return {
        "schema": SCHEMA,
        "frames": performer.frames,
        "appearance_model": performer.appearance_model,
        "engine": performer.engine,
        "idle": _by_name(performer.idle),
        "reach": _by_name(performer.reach),
        "rest": [round(float(value), 4) for value in performer.rest],
        "appearance": None
        if np.isnan(performer.appearance).any()
        else [round(float(value), 4) for value in performer.appearance],
    }


def performer_from_json(data: dict) -> Performer:
    """The inverse of ``performer_to_json``; ValueError, KeyError or TypeError on anything else."""
    if data["schema"] != SCHEMA:
        raise ValueError(f"schema {data['schema']!r}")
    appearance = data["appearance"]
    performer = Performer(
        np.array(data["rest"], np.float32).reshape(LANDMARKS * 3),
        np.full(APPEARANCE, np.nan, np.float32)
        if appearance is None
        else np.array(appearance, np.float32).reshape(APPEARANCE),
        _in_order(data["idle"]),
        _in_order(data["reach"]),
        int(data["frames"]),
        str(data["appearance_model"]),
        # Profiles of before there was a choice do not tell.
        str(data.get("engine", DEFAULT_ENGINE)),
    )
    known = np.concatenate([performer.rest, performer.idle, performer.reach])
    if not np.isfinite(known).all():
        raise ValueError("a value is not a number")
    return performer


def _by_name(values: np.ndarray) -> dict[str, float]:
    return {name: round(float(value), 4) for name, value in zip(NAMES, values, strict=True)}


def _in_order(values: dict[str, float]) -> np.ndarray:
    return np.array([values[name] for name in NAMES], np.float32)
