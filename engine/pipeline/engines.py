# SPDX-License-Identifier: GPL-3.0-or-later
"""Every engine and detector with its licence, what it lacks, when to choose it, and its traces."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..core.engines import (
    BEST,
    CUSTOM_SUFFIX,
    DETECTORS,
    ENGINES,
    FAST,
    SECOND_DETECTOR,
    PartInfo,
    detector_info,
    detector_of,
)
from ..core.file_hash import sha256_of_file
from ..models.needs import hashes_of, licences_of, missing_of


def describe_engines() -> dict[str, list[dict]]:
    """JSON objects under ``engines`` and ``detectors``.

    Each has ``id``, ``label``, ``about``, ``good_at``, ``models``, ``licences`` and ``missing``,
    sentences that are none where it can be used.
    """
    return {"engines": _described(ENGINES), "detectors": _described(DETECTORS)}


def engine_header(engine: str, detector: str, quality: str = FAST) -> dict:
    """What a take tells of the engine that made it.

    Args:
        engine: An id, or the path of a .toml that describes one.
        detector: An id; empty for the engine's own.
        quality: One of ``core.engines.QUALITIES``.

    Returns:
        ``engine`` (of a .toml its file's name), ``detector``, ``quality``, and ``models``: id and
        sha256 of every file that a result may come from.

    Raises:
        FacewrightError: The .toml cannot be read.
    """
    told = _engine_and_models(engine, detector)
    second = detector_info(SECOND_DETECTOR)
    if quality == BEST and not missing_of(second):
        told["models"] |= hashes_of(engine, second.id)
    return told | {"quality": quality}


def _engine_and_models(engine: str, detector: str) -> dict:
    if not engine.endswith(CUSTOM_SUFFIX):
        used = detector_of(engine, detector)
        return {"engine": engine, "detector": used, "models": hashes_of(engine, used)}
    from ..tracking.landmarkers.custom import read_custom_model

    path = Path(engine)
    custom = read_custom_model(path)
    used = detector or custom.description.detector
    own = {path.name: sha256_of_file(path), custom.file.name: sha256_of_file(custom.file)}
    return {"engine": path.name, "detector": used, "models": hashes_of(engine, used) | own}


def _described(infos: Iterable[PartInfo]) -> list[dict]:
    return [
        {
            "id": info.id,
            "label": info.label,
            "about": info.about,
            "good_at": info.good_at,
            "models": list(info.models),
            "licences": licences_of(info),
            "missing": _missing(info),
        }
        for info in infos
    ]


def _missing(info: PartInfo) -> list[str]:
    """What it lacks itself, and what the detector lacks that an engine works with."""
    detector = detector_info(info.detector)
    return missing_of(info) + (missing_of(detector) if detector and detector != info else [])
