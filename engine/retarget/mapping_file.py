# SPDX-License-Identifier: GPL-3.0-or-later
"""Mappings as JSON: readable, and edited by hand without fear. See docs/mapping.md.

What is at its default is left out, so that a file shows what somebody has decided.
"""

from __future__ import annotations

import json
from dataclasses import MISSING, fields
from pathlib import Path

from ..core.errors import FacewrightError
from .fit_file import fit_from_json, fit_to_json
from .mapping import BoneDrive, Drive, KeyDrive, Mapping, PropertyDrive, Row, invalid
from .poses import poses_from_json, poses_to_json

SUFFIX = ".json"
PROFILES = Path(__file__).with_name("profiles")
_MARK, _VERSION = "facewright_mapping", 1
# A mapping of every channel with its poses has some hundred kilobytes.
_LARGEST_BYTES = 20_000_000
_KINDS = {"key": KeyDrive, "bone": BoneDrive, "property": PropertyDrive}
# The JSON name of what says which kind a target is.
_RENAMED = {"path": "property"}
# Whole numbers with more digits are read as a float would be: exactly they are of no use.
_EXACT_DIGITS = 15


def read_mapping(path: str | Path) -> Mapping:
    """Read a mapping's file.

    Raises:
        FacewrightError: ``mapping-unreadable``, ``mapping-invalid``: which file, what is wrong.
    """
    path = Path(path)
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise ValueError("it is far too large")
        # Editors on Windows put a mark in front of UTF-8.
        text = path.read_text(encoding="utf-8-sig")
        data = json.loads(text, parse_int=_whole, object_pairs_hook=_without_doubles)
        # Half a character, as JSON can write it, is no name that Blender or a file could keep.
        json.dumps(data, ensure_ascii=False).encode()
    except FacewrightError as error:
        raise FacewrightError(f"{path.name}: {error.message}", error.hint, error.code) from error
    except (OSError, ValueError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or error
        raise FacewrightError(
            f"The mapping {path} cannot be read: {reason}.",
            "Choose a .json file that Facewright has saved, or one of its profiles.",
            "mapping-unreadable",
        ) from error
    try:
        return mapping_from_json(data)
    except FacewrightError as error:
        raise FacewrightError(f"{path.name}: {error.message}", error.hint, error.code) from error


def write_mapping(path: str | Path, mapping: Mapping) -> None:
    """Write a mapping's file; one that is there is replaced once the new one is whole.

    Raises:
        FacewrightError: ``mapping-unwritable``.
    """
    path = Path(path)
    text = json.dumps(mapping_to_json(mapping), ensure_ascii=False, indent=1, allow_nan=False)
    try:
        content = f"{text}\n".encode()
    except UnicodeEncodeError as error:
        raise FacewrightError(
            f"The mapping cannot be written to {path}: a name holds half a character.",
            "Rename the key, bone or object, and choose it again in the mapping.",
            "mapping-unwritable",
        ) from error
    beside = path.with_name(f".{path.name}.part")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise FacewrightError(
            f"The mapping cannot be written to {path}: {error.strerror}.",
            "Choose another place.",
            "mapping-unwritable",
        ) from error


def shipped_profiles() -> dict[str, Path]:
    """The profiles that ship: identifier -> file, by identifier."""
    return {path.stem: path for path in sorted(PROFILES.glob(f"*{SUFFIX}"))}


def mapping_to_json(mapping: Mapping) -> dict:
    """A mapping as a JSON object."""
    data: dict = {_MARK: _VERSION, "name": mapping.name}
    if mapping.notes:
        data["notes"] = mapping.notes
    data["rows"] = {name: _row_to_json(row) for name, row in mapping.rows.items()}
    if mapping.region_gains:
        data["region_gains"] = dict(mapping.region_gains)
    if mapping.mirror:
        data["mirror"] = True
    if mapping.poses:
        data["poses"] = poses_to_json(mapping.poses)
    if mapping.poses_object:
        data["poses_object"] = mapping.poses_object
    if mapping.fit is not None:
        data["fit"] = fit_to_json(mapping.fit)
    return data


def mapping_from_json(data: object) -> Mapping:
    """A mapping of a JSON object.

    Raises:
        FacewrightError: ``mapping-invalid``.
    """
    if not isinstance(data, dict) or _MARK not in data:
        raise invalid(f'it has no "{_MARK}", so it is something else')
    if isinstance(data[_MARK], bool) or data[_MARK] != _VERSION:
        raise invalid(f"it is of version {data[_MARK]}, and this Facewright knows {_VERSION}")
    known = {
        "name": str,
        "notes": str,
        "rows": dict,
        "region_gains": dict,
        "mirror": bool,
        "poses": dict,
        "poses_object": str,
        "fit": dict,
    }
    found = _checked(data, known, "the mapping", ignore=(_MARK,))
    found["rows"] = {name: _row_from_json(name, row) for name, row in found["rows"].items()}
    if "poses" in found:
        found["poses"] = poses_from_json(found["poses"])
    if "fit" in found:
        found["fit"] = fit_from_json(found["fit"])
    if "region_gains" in found:
        found["region_gains"] = {
            region: _number(gain, f"the gain of {region}")
            for region, gain in found["region_gains"].items()
        }
    return Mapping(**found)


def _row_to_json(row: Row) -> dict:
    data: dict = {"targets": [_drive_to_json(drive) for drive in row.drives]}
    for item in fields(Row):
        value = getattr(row, item.name)
        if item.name != "drives" and value != item.default:
            data[item.name] = [list(p) for p in value] if item.name == "curve" else value
    return data


def _row_from_json(name: str, data: object) -> Row:
    types = {
        "targets": list,
        "invert": bool,
        "mute": bool,
        "approximate": bool,
        "note": str,
        "curve": list,
        **dict.fromkeys(("gain", "offset", "low", "high"), float),
    }
    found = _checked(data, types, name)
    found["drives"] = tuple(_drive_from_json(name, item) for item in found.pop("targets", ()))
    if "curve" in found:
        found["curve"] = tuple(_point(name, point) for point in found["curve"])
    return Row(**found)


def _drive_to_json(drive: Drive) -> dict:
    data = {}
    for item in fields(drive):
        value = getattr(drive, item.name)
        if item.default is MISSING or value != item.default or item.name in ("weight", "amount"):
            data[_RENAMED.get(item.name, item.name)] = value
    return data


def _drive_from_json(name: str, data: object) -> Drive:
    if not isinstance(data, dict):
        raise invalid(f"a target of {name} is no object")
    kinds = [kind for kind in _KINDS if kind in data]
    if len(kinds) != 1:
        raise invalid(f'a target of {name} needs one of "key", "bone" and "property"')
    kind = _KINDS[kinds[0]]
    types = {
        _RENAMED.get(item.name, item.name): float if item.type == "float" else str
        for item in fields(kind)
    }
    found = _checked(data, types, f"a target of {name}")
    missing = [
        label
        for item in fields(kind)
        if item.default is MISSING and (label := _RENAMED.get(item.name, item.name)) not in found
    ]
    if missing:
        raise invalid(f'a target of {name} has no "{missing[0]}"')
    if not found[kinds[0]]:
        raise invalid(f'a target of {name} has an empty "{kinds[0]}"')
    back = {label: attribute for attribute, label in _RENAMED.items()}
    return kind(**{back.get(label, label): value for label, value in found.items()})


def _checked(data: object, types: dict[str, type], what: str, ignore: tuple[str, ...] = ()) -> dict:
    """A copy of a JSON object whose values have the types that they should."""
    if not isinstance(data, dict):
        raise invalid(f"{what} is no object")
    found = {}
    for label, value in data.items():
        if label in ignore:
            continue
        if label not in types:
            raise invalid(f'{what} has "{label}", which is unknown')
        wanted = types[label]
        if wanted is float:
            value = _number(value, f'"{label}" of {what}')
        elif not isinstance(value, wanted):
            raise invalid(f'"{label}" of {what} is of the wrong kind')
        found[label] = value
    if "rows" in types and "rows" not in found:
        raise invalid(f'{what} has no "rows"')
    return found


def _number(value: object, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise invalid(f"{what} is no number")
    try:
        return float(value)
    except OverflowError as error:
        raise invalid(f"{what} is far too large") from error


def _whole(text: str) -> int | float:
    return int(text) if len(text) <= _EXACT_DIGITS else float(text)


def _without_doubles(pairs: list[tuple[str, object]]) -> dict:
    """A JSON object; of two values with one name nobody knows which was meant."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise invalid(f'"{next(n for n in names if names.count(n) > 1)}" is there twice')
    return found


def _point(name: str, point: object) -> tuple[float, float]:
    if not isinstance(point, list) or len(point) != 2:
        raise invalid(f"a point of the curve of {name} is no pair of numbers")
    x, y = (_number(value, f"a point of the curve of {name}") for value in point)
    return x, y
