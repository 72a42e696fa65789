# SPDX-License-Identifier: GPL-3.0-or-later
"""The models: those that ship, where they are and whether they are whole; others by added.py."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import FacewrightError
from .added import optional_path
from .lists import read_list

WEIGHTS = Path(__file__).resolve().parents[2] / "weights"
_HINT = "Install the extension again; `python -m engine models verify` checks every model file."


@dataclass(frozen=True)
class Model:
    """One entry of ``weights/catalog.toml``.

    Attributes:
        id: The name that the engine asks for.
        file: File name inside the weights folder.
        bytes: Size of the file.
        sha256: Hash of the file, lower-case hexadecimal.
        licence: SPDX identifier.
        about: What the model does, one sentence.
        origin: Where the weights come from.
    """

    id: str
    file: str
    bytes: int
    sha256: str
    licence: str
    about: str
    origin: str


def list_models(folder: Path = WEIGHTS) -> list[Model]:
    """Every model in the catalogue of a folder, in the catalogue's order.

    Raises:
        FacewrightError: See ``lists.read_list``.
    """
    return read_list(folder / "catalog.toml", Model)


def verify(model: Model, folder: Path = WEIGHTS) -> Path:
    """The path of a model whose size and hash are right.

    Raises:
        FacewrightError: ``model-missing`` or ``model-corrupt``.
    """
    path = folder / model.file
    try:
        data = path.read_bytes()
    except OSError as error:
        message = f"The model file {path} cannot be opened."
        raise FacewrightError(message, _HINT, "model-missing") from error
    if len(data) != model.bytes or hashlib.sha256(data).hexdigest() != model.sha256:
        message = f"The model file {path} is not the one that was shipped."
        raise FacewrightError(message, _HINT, "model-corrupt")
    return path


def model_path(model_id: str, folder: Path = WEIGHTS) -> Path:
    """Where a model is; its size and hash are checked once per process.

    Args:
        model_id: An ``id`` of the catalogue, or of the models that a person adds.
        folder: The weights folder.

    Raises:
        FacewrightError: ``model-missing`` or ``model-corrupt``; for a model that a person adds
            also ``model-not-there`` and ``licence-not-accepted``, see ``added.optional_path``.
    """
    return _shipped_path(model_id, folder) or optional_path(model_id)


@functools.cache
def _shipped_path(model_id: str, folder: Path) -> Path | None:
    for model in list_models(folder):
        if model.id == model_id:
            return verify(model, folder)
    return None


def verify_all(folder: Path = WEIGHTS) -> list[tuple[Model, FacewrightError | None]]:
    """Checks every model; the error is None where the file is right."""
    results = []
    for model in list_models(folder):
        try:
            verify(model, folder)
        except FacewrightError as error:
            results.append((model, error))
        else:
            results.append((model, None))
    return results
