# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of the models that a person added: where they are, and whether they may be used."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import FacewrightError
from ..core.file_hash import sha256_of_file
from ..core.whole_file import unwritable, whole_file
from .optional import OptionalModel, how_to_get, optional_model
from .records import (
    change_record,
    folder,
    forget_record,
    kept_records,
    known_records,
    read_records,
)
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
    return OptionalState(model, accepts(record, model), _path(model, record).is_file(), problem)


def known_hash(model: OptionalModel) -> str:
    """The sha256 that the model's file must have; empty where it was never added."""
    return _hash(model, known_records().get(model.id, {}))


def is_there(model: OptionalModel) -> bool:
    """Whether a file of the model was fetched or added; it is not looked into."""
    record = known_records().get(model.id, {})
    return bool(_hash(model, record)) and _path(model, record).is_file()


def add(model_id: str, source: Path) -> Path:
    """Copy a file that the person has into the folder.

    Args:
        model_id: Which model it is.
        source: The file.

    Returns:
        The copy.

    Raises:
        FacewrightError: ``model-missing``, ``file-missing``, ``model-other`` where the hash is
            known and the file's is another, ``model-there`` where another file of it is there,
            or what ``whole_file`` and ``records.change_record`` raise.
    """
    model = optional_model(model_id)
    record = kept_records().get(model.id, {})
    try:
        size, sha256 = source.stat().st_size, sha256_of_file(source)
    except OSError as error:
        raise FacewrightError(
            f"The file {source} cannot be opened ({error.strerror}).",
            "Choose the file of the model.",
            "file-missing",
        ) from error
    if model.sha256 and sha256 != model.sha256:
        raise FacewrightError(
            f"{source.name} is not {model.file} ({size} bytes, sha256 {sha256[:12]}...; "
            f"{model.bytes} bytes, {model.sha256[:12]}... were expected).",
            f"Get it from {model.origin}.",
            "model-other",
        )
    there = _path(model, record)
    if not model.sha256 and _content(there, record) not in ("", sha256):
        raise FacewrightError(
            f"Another file is already there for the model {model.id}.",
            f"`python -m engine models remove {model.id}` first.",
            "model-there",
        )
    target = folder() / _stored_name(model, source)
    with source.open("rb") as file, whole_file(target, size) as copy:
        shutil.copyfileobj(file, copy)
    change_record(model.id, file=target.name, sha256=sha256)
    if there != target:  # the same content under another ending
        with suppress(OSError):
            there.unlink(missing_ok=True)
    return target


def remove(model_id: str) -> bool:
    """Delete a model's file and forget that its terms were accepted.

    Returns:
        Whether there was anything.

    Raises:
        FacewrightError: ``model-missing``, ``folder-unwritable``, or what
            ``records.read_records`` raises.
    """
    model = optional_model(model_id)
    path = _path(model, read_records().get(model.id, {}))
    there = path.is_file()
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(path, error) from error
    return forget_record(model.id) or there


def _usable(model: OptionalModel, record: dict) -> Path:
    """The model's file; raises what keeps it from being used."""
    path, expected = _path(model, record), _hash(model, record)
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


def _path(model: OptionalModel, record: dict) -> Path:
    # Only a name: what the records say leads nowhere else.
    return folder() / Path(record.get("file", model.file)).name


def _content(path: Path, record: dict) -> str:
    """The hash of what was added before, or lies there without a record; empty where nothing is."""
    if not path.is_file():
        return ""
    try:
        return record.get("sha256") or sha256_of_file(path)
    except OSError:
        return "unknown"


def _stored_name(model: OptionalModel, source: Path) -> str:
    return model.file if model.sha256 else Path(model.file).stem + source.suffix.lower()
