# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of the models that a person added: where they are, and whether they may be used."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..core.errors import FacewrightError
from ..core.file_hash import sha256_of_file
from .optional import OptionalModel, how_to_get, optional_model
from .records import folder, known_records, read_records
from .terms import accepts, not_accepted


@dataclass(frozen=True)
class OptionalState:
    """How far an optional model is from being used.

    Attributes:
        model: Which.
        accepted: Its terms were accepted.
        there: A file of it is there.
        problem: What keeps it from being used; None where nothing does.
    """

    model: OptionalModel
    accepted: bool
    there: bool
    problem: FacewrightError | None


def optional_path(model_id: str) -> Path:
    """Where an optional model is, once its terms are accepted and its file is right.

    Raises:
        FacewrightError: ``model-missing``, ``model-not-there``, ``model-corrupt``,
            ``licence-not-accepted``, or what ``records.read_records`` raises.
    """
    model = optional_model(model_id)
    return _usable(model, read_records().get(model.id, {}))


def state_of(model: OptionalModel) -> OptionalState:
    """How far a model is from being used; hashes its file.

    Where the records are lost, it counts as one that was never added or accepted.
    """
    record = known_records().get(model.id, {})
    problem = None
    try:
        _usable(model, record)
    except FacewrightError as error:
        problem = error
    return OptionalState(model, accepts(record, model), path_of(model, record).is_file(), problem)


def known_hash(model: OptionalModel) -> str:
    """The sha256 that the model's file must have; empty where it was never added."""
    return _hash(model, known_records().get(model.id, {}))


def is_there(model: OptionalModel) -> bool:
    """Whether a file of the model was fetched or added; it is not looked into."""
    record = known_records().get(model.id, {})
    return bool(_hash(model, record)) and path_of(model, record).is_file()


def _usable(model: OptionalModel, record: dict) -> Path:
    """The model's file; raises what keeps it from being used."""
    path, expected = path_of(model, record), _hash(model, record)
    if not path.is_file() or not expected:
        raise FacewrightError(
            f"The model {model.id} ({model.file}) is not there.",
            how_to_get(model),
            "model-not-there",
        )
    try:
        is_right = sha256_of_file(path) == expected
    except OSError as error:
        message = f"The model file {path} cannot be opened ({error.strerror})."
        raise FacewrightError(message, "Allow reading it.", "model-corrupt") from error
    if not is_right:
        raise FacewrightError(
            f"The model file {path} is not the one that was added.",
            f"`python -m engine models remove {model.id}`, then get it again.",
            "model-corrupt",
        )
    if not accepts(record, model):
        raise not_accepted(
            model,
            f"If you agree, `python -m engine models accept {model.id}`, or choose it in Blender.",
        )
    return path


def _hash(model: OptionalModel, record: dict) -> str:
    return model.sha256 or record.get("sha256", "")


def path_of(model: OptionalModel, record: dict) -> Path:
    """Where the file is, or would be, by the model's record."""
    # Only a name: what the records say leads nowhere else.
    return folder() / Path(record.get("file", model.file)).name
