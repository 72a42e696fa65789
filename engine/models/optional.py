# SPDX-License-Identifier: GPL-3.0-or-later
"""The models that a person adds: what they are, their terms, where they lie.

They are not shipped, most of them because their licence forbids it. Each file lies in
``home()/"models"``; ``accepted.json`` beside them keeps which terms were accepted, and the hash of
each file that was added without one being known.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import tomllib
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ..core.errors import FacewrightError
from ..core.file_hash import sha256_of_file
from ..core.home import home

LIST = Path(__file__).resolve().parents[2] / "weights" / "optional.toml"
_REINSTALL = "Install the extension again."


@dataclass(frozen=True)
class OptionalModel:
    """One entry of ``weights/optional.toml``.

    Attributes:
        id: The name that the engine asks for.
        file: File name inside ``folder()``. Where the hash is not known, what is added keeps its
            own ending.
        licence: SPDX identifier, or the licence's name.
        terms: What the licence means for whoever uses the model, one sentence.
        about: What the model does, one sentence.
        origin: Whose it is and where it is published.
        url: Where it can be fetched; empty where the person has to get it.
        bytes: Size of the file; 0 where what the person adds is taken as it is.
        sha256: Hash of the file, lower-case hexadecimal; empty likewise.
    """

    id: str
    file: str
    licence: str
    terms: str
    about: str
    origin: str
    url: str = ""
    bytes: int = 0
    sha256: str = ""


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


def folder() -> Path:
    """Where the files lie; it need not exist yet."""
    return home() / "models"


@functools.cache
def list_optional(path: Path = LIST) -> tuple[OptionalModel, ...]:
    """Every optional model, in the list's order.

    Raises:
        FacewrightError: ``model-missing`` without the list, ``model-corrupt`` where it cannot be
            read.
    """
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))["model"]
        models = tuple(OptionalModel(**entry) for entry in entries)
    except OSError as error:
        message = f"The list of models {path} cannot be opened."
        raise FacewrightError(message, _REINSTALL, "model-missing") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        message = f"The list of models {path} is damaged."
        raise FacewrightError(message, _REINSTALL, "model-corrupt") from error
    return models


def optional_model(model_id: str) -> OptionalModel:
    """An entry of the list by its id.

    Raises:
        FacewrightError: ``model-missing`` where there is none of that name.
    """
    for model in list_optional():
        if model.id == model_id:
            return model
    raise FacewrightError(
        f"There is no model named {model_id!r}.",
        "`python -m engine models list` names them all.",
        "model-missing",
    )


def optional_path(model_id: str) -> Path:
    """Where an optional model is, once its terms are accepted and its file is right.

    Raises:
        FacewrightError: ``model-missing``, ``model-not-there``, ``licence-not-accepted``,
            ``model-corrupt`` or ``acceptance-corrupt``.
    """
    model = optional_model(model_id)
    record = _records().get(model.id, {})
    path = _path(model, record)
    expected = model.sha256 or record.get("sha256", "")
    if not path.is_file() or not expected:
        raise FacewrightError(
            f"The model {model.id} ({model.file}) is not there.",
            how_to_get(model),
            "model-not-there",
        )
    if not _accepts(model, record):
        raise FacewrightError(
            f"The licence of the model {model.id} ({model.licence}) has not been accepted: "
            f"{model.terms}",
            f"If you agree, `python -m engine models accept {model.id}`, or choose it in Blender.",
            "licence-not-accepted",
        )
    try:
        right = sha256_of_file(path) == expected
    except OSError as error:
        message = f"The model file {path} cannot be opened ({error.strerror})."
        raise FacewrightError(message, "Allow reading it.", "model-corrupt") from error
    if not right:
        raise FacewrightError(
            f"The model file {path} is not the one that was added.",
            f"`python -m engine models remove {model.id}`, then get it again.",
            "model-corrupt",
        )
    return path


def known_hash(model: OptionalModel) -> str:
    """The sha256 that the model's file must have; empty where it was never added."""
    return model.sha256 or _records().get(model.id, {}).get("sha256", "")


def how_to_get(model: OptionalModel) -> str:
    """What a person does to have a model, one sentence."""
    if model.url:
        return f"`python -m engine models fetch {model.id}` fetches it ({model.licence})."
    return (
        f"Get it from {model.origin}, then `python -m engine models add {model.id} FILE` "
        f"({model.licence})."
    )


def state_of(model: OptionalModel) -> OptionalState:
    """How far a model is from being used; hashes its file."""
    try:
        record = _records().get(model.id, {})
        accepted, there = _accepts(model, record), _path(model, record).is_file()
        optional_path(model.id)
    except FacewrightError as error:
        if error.code == "acceptance-corrupt":
            accepted = there = False
        return OptionalState(model, accepted, there, error)
    return OptionalState(model, accepted, there, None)


def is_there(model: OptionalModel) -> bool:
    """Whether a file of the model was fetched or added; it is not looked into."""
    record = _records().get(model.id, {})
    known = model.sha256 or record.get("sha256", "")
    return bool(known) and _path(model, record).is_file()


def is_accepted(model: OptionalModel) -> bool:
    """Whether the person has agreed to the model's terms, as they are told now."""
    return _accepts(model, _records().get(model.id, {}))


def accept(model_id: str) -> OptionalModel:
    """The person agrees to a model's terms.

    Raises:
        FacewrightError: ``model-missing``, ``acceptance-corrupt`` or ``folder-unwritable``.
    """
    model = optional_model(model_id)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    _change(model.id, licence=model.licence, terms=model.terms, accepted=now)
    return model


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
            ``folder-unwritable`` or ``acceptance-corrupt``.
    """
    model = optional_model(model_id)
    record = _records().get(model.id, {})
    try:
        size, sha256 = source.stat().st_size, sha256_of_file(source)
    except OSError as error:
        raise FacewrightError(
            f"The file {source} cannot be opened ({error.strerror}).", "", "file-missing"
        ) from error
    if model.sha256 and sha256 != model.sha256:
        raise FacewrightError(
            f"{source.name} is not {model.file} ({size} bytes, sha256 {sha256[:12]}...; "
            f"{model.bytes} bytes, {model.sha256[:12]}... were expected).",
            f"Get it from {model.origin}.",
            "model-other",
        )
    there = _path(model, record)
    if there.is_file() and not model.sha256 and record.get("sha256", sha256) != sha256:
        raise FacewrightError(
            f"Another file is already there for the model {model.id}.",
            f"`python -m engine models remove {model.id}` first.",
            "model-there",
        )
    target = folder() / _stored_name(model, source)
    _copy(source, target)
    if there != target:  # the same content under another ending
        there.unlink(missing_ok=True)
    _change(model.id, file=target.name, sha256=sha256, bytes=size)
    return target


def remove(model_id: str) -> bool:
    """Delete a model's file and forget that its terms were accepted.

    Returns:
        Whether there was anything.

    Raises:
        FacewrightError: ``model-missing``, ``folder-unwritable`` or ``acceptance-corrupt``.
    """
    model = optional_model(model_id)
    records = _records()
    record = records.pop(model.id, None)
    path = _path(model, record or {})
    there = path.is_file()
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(path, error) from error
    if record is not None:
        _write(records)
    return there or record is not None


def _stored_name(model: OptionalModel, source: Path) -> str:
    return model.file if model.sha256 else Path(model.file).stem + source.suffix.lower()


def _path(model: OptionalModel, record: dict) -> Path:
    # Only a name: what the file of acceptances says leads nowhere else.
    return folder() / Path(record.get("file", model.file)).name


def _accepts(model: OptionalModel, record: dict) -> bool:
    # Terms that were told otherwise are other terms.
    return bool(record.get("accepted")) and all(
        record.get(name) == getattr(model, name) for name in ("licence", "terms")
    )


def _copy(source: Path, target: Path) -> None:
    """A whole copy under its name, or none."""
    partial = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, partial)
        partial.replace(target)
    except OSError as error:
        raise _unwritable(target, error) from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def _records() -> dict[str, dict]:
    path = folder() / "accepted.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        message = f"The file {path} cannot be opened ({error.strerror})."
        raise FacewrightError(message, "Allow reading it.", "acceptance-corrupt") from error
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(map(_is_record, found.values())):
        raise FacewrightError(
            f"The file {path}, which keeps the licences that you accepted, is damaged.",
            "Delete it, then accept the licences and add your models again.",
            "acceptance-corrupt",
        )
    return found


def _is_record(one: object) -> bool:
    texts = ("licence", "terms", "accepted", "file", "sha256")
    return isinstance(one, dict) and all(isinstance(one.get(name, ""), str) for name in texts)


def _change(model_id: str, **entries: object) -> None:
    records = _records()
    records[model_id] = records.get(model_id, {}) | entries
    _write(records)


def _write(records: dict[str, dict]) -> None:
    path = folder() / "accepted.json"
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps(records, indent=2) + "\n", encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def _unwritable(path: Path, error: OSError) -> FacewrightError:
    return FacewrightError(
        f"{path} cannot be written ({error.strerror}).",
        "Make room, or allow writing to that folder.",
        "folder-unwritable",
    )
