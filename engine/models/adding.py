# SPDX-License-Identifier: GPL-3.0-or-later
"""A person adds the file of a model, or removes it."""

from __future__ import annotations

import errno
import shutil
from codecs import getincrementaldecoder
from contextlib import suppress
from pathlib import Path

from ..core.errors import FacewrightError
from ..core.file_hash import sha256_of_file
from ..core.whole_file import unwritable, whole_file
from .added import path_of
from .optional import OptionalModel, optional_model
from .records import change_record, folder, forget_record, kept_records, read_records

_START = 512


def add(model_id: str, source: Path) -> Path:
    """Copy a file that the person has into the folder.

    Args:
        model_id: Which model it is.
        source: The file.

    Returns:
        The copy.

    Raises:
        FacewrightError: ``model-missing``, ``file-missing``, ``model-other`` where the hash is
            known and the file's is another, or where it is none at first sight, ``model-there``
            where another file of it is there, or what ``whole_file`` and
            ``records.change_record`` raise.
    """
    model = optional_model(model_id)
    record = kept_records().get(model.id, {})
    start = _start(source)
    size, sha256 = source.stat().st_size, sha256_of_file(source)
    if not model.sha256 and _is_none(model, start):
        raise FacewrightError(
            f"{source.name} is no {Path(model.file).suffix} file of the model {model.id}: it is "
            f"{'text' if start else 'empty'}.",
            f"Get it from {model.origin}.",
            "model-other",
        )
    if model.sha256 and sha256 != model.sha256:
        raise FacewrightError(
            f"{source.name} is not {model.file} ({size} bytes, sha256 {sha256[:12]}...; "
            f"{model.bytes} bytes, {model.sha256[:12]}... were expected).",
            f"Get it from {model.origin}.",
            "model-other",
        )
    there = path_of(model, record)
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
    path = path_of(model, read_records().get(model.id, {}))
    there = path.is_file()
    try:
        if there:
            path.unlink()
    except OSError as error:
        raise unwritable(path.parent, error) from error
    return forget_record(model.id) or there


def _start(source: Path) -> bytes:
    """The first bytes of a file that the person names."""
    try:
        if source.exists() and not source.is_file():  # what a device gives never ends
            raise OSError(errno.EINVAL, "it is no file")
        with source.open("rb") as file:
            return file.read(_START)
    except OSError as error:
        raise FacewrightError(
            f"The file {source} cannot be opened ({error.strerror}).",
            "Choose the file of the model.",
            "file-missing",
        ) from error


def _is_none(model: OptionalModel, start: bytes) -> bool:
    """Whether a file cannot be the model: it is empty, or text where an ONNX network should be."""
    try:
        text = getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return False
    is_text = all(letter.isprintable() or letter.isspace() for letter in text)
    return is_text and (not start or model.file.endswith(".onnx"))


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
