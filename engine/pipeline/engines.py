# SPDX-License-Identifier: GPL-3.0-or-later
"""Every engine and detector with its licence, what it lacks, and when to choose it."""

from __future__ import annotations

from collections.abc import Iterable

from ..core.engines import DETECTORS, ENGINES, PartInfo
from ..models.needs import licences_of, missing_of


def describe_engines() -> dict[str, list[dict]]:
    """JSON objects under ``engines`` and ``detectors``.

    Each has ``id``, ``label``, ``about``, ``good_at``, ``models``, ``licences`` and ``missing``,
    sentences that are none where it can be used.
    """
    return {"engines": _described(ENGINES), "detectors": _described(DETECTORS)}


def _described(infos: Iterable[PartInfo]) -> list[dict]:
    return [
        {
            "id": info.id,
            "label": info.label,
            "about": info.about,
            "good_at": info.good_at,
            "models": list(info.models),
            "licences": licences_of(info),
            "missing": missing_of(info),
        }
        for info in infos
    ]
