# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetch an optional model from where its authors publish it."""

from __future__ import annotations

from pathlib import Path

from ..core.download import TIMEOUT_S, download
from ..core.errors import FacewrightError
from ..core.progress import Progress
from .added import optional_path
from .optional import how_to_get, optional_model
from .records import folder
from .terms import is_accepted, not_accepted


def fetch(model_id: str, progress: Progress | None = None, timeout_s: float = TIMEOUT_S) -> Path:
    """The model's file, fetched unless it is there already.

    Args:
        model_id: An ``id`` of ``weights/optional.toml``.
        progress: Told the bytes; may cancel.
        timeout_s: How long the other side may be silent, seconds.

    Raises:
        FacewrightError: ``model-missing``, ``licence-not-accepted``, ``model-not-fetchable`` where
            its authors ask for a registration or forbid copies elsewhere, and the errors of
            ``core.download``.
    """
    model = optional_model(model_id)
    if not model.url:
        raise FacewrightError(
            f"The model {model.id} cannot be fetched by Facewright: {model.terms}",
            how_to_get(model),
            "model-not-fetchable",
        )
    if not is_accepted(model):
        raise not_accepted(model, "Fetch it with --accept-licence if you agree.")
    try:
        return optional_path(model.id)
    except FacewrightError:
        return download(
            model.url, folder() / model.file, model.bytes, model.sha256, progress, timeout_s
        )
