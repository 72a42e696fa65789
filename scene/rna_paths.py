# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers by their data path, as F-curves have it: properties, custom properties, array items."""

from __future__ import annotations

import re
from dataclasses import dataclass

import bpy

# The name of a property after a dot, or of a custom property in brackets.
_PLAIN = re.compile(r"^(?:(?P<owner>.*)\.)?(?P<name>[A-Za-z_]\w*)$", re.DOTALL)
_CUSTOM = re.compile(r"""^(?P<owner>.*)\[(?P<quote>["'])(?P<name>.*)(?P=quote)\]$""", re.DOTALL)
_INDEX = re.compile(r"^(?P<path>.*[^.\[])\[(?P<index>\d+)\]$", re.DOTALL)


@dataclass(frozen=True)
class Number:
    """One animatable number.

    Attributes:
        owner: The data-block whose action holds its curve.
        data_path: Its path from there, as in an F-curve.
        index: Index in an array property, 0 for a single number.
    """

    owner: bpy.types.ID
    data_path: str
    index: int = 0


def find_number(block: bpy.types.ID, path: str) -> Number:
    """The number that a path from a data-block leads to, in whichever data-block it is.

    Args:
        block: Where the path starts.
        path: E.g. ``location[2]``, ``["smile"]``, ``data.shape_keys.key_blocks["a"].value``.

    Raises:
        ValueError: There is none; its text says why, as the end of a sentence.
    """
    found = _INDEX.match(path)
    # Of a collection, the number in brackets chooses an item, which is no number.
    plain, index = (found["path"], int(found["index"])) if found else (path, 0)
    struct, name, custom = resolve(block, plain)
    value = struct[name] if custom else getattr(struct, name)
    size = len(value) if _is_array(value) else 0
    if (found is None) != (size == 0) or index >= max(size, 1):
        raise ValueError("has no such number" if size else "is no array")
    single = value[index] if size else value
    if not isinstance(single, bool | int | float):
        raise ValueError("is no number")
    if not custom and struct.is_property_readonly(name):
        raise ValueError("cannot be changed")
    owner = struct.id_data
    if owner != block:
        inner = "" if struct == owner else struct.path_from_id()
        escaped = bpy.utils.escape_identifier(name)
        end = f'["{escaped}"]' if custom else name
        plain = inner + end if custom or not inner else f"{inner}.{end}"
    return Number(owner, plain, index)


def read_value(block: bpy.types.ID, data_path: str) -> list[float]:
    """A property's numbers, one for a single number.

    Raises:
        ValueError: There is no such property.
    """
    struct, name, custom = resolve(block, data_path)
    value = struct[name] if custom else getattr(struct, name)
    return list(value) if _is_array(value) else [value]


def write_value(block: bpy.types.ID, data_path: str, values: list[float]) -> None:
    """Give a property its numbers, in the form in which ``read_value`` tells them.

    Raises:
        ValueError: There is no such property.
    """
    struct, name, custom = resolve(block, data_path)
    held = struct[name] if custom else getattr(struct, name)
    value = values if _is_array(held) else type(held)(values[0])
    if custom:
        struct[name] = value
    else:
        setattr(struct, name, value)


def write_number(number: Number, value: float) -> bool:
    """Give a number a value; whole numbers are rounded, switches are on from a half.

    Returns:
        Whether it is another one now.

    Raises:
        ValueError: There is no such property any more.
    """
    struct, name, custom = resolve(number.owner, number.data_path)
    held = struct[name] if custom else getattr(struct, name)
    is_array = _is_array(held)
    before = held[number.index] if is_array else held
    if isinstance(before, bool):
        value = value >= 0.5
    elif isinstance(before, int):
        value = round(value)
    if before == value:
        return False
    if is_array:
        held[number.index] = value
    elif custom:
        struct[name] = value
    else:
        setattr(struct, name, value)
    return True


def resolve(block: bpy.types.ID, path: str) -> tuple[bpy.types.bpy_struct, str, bool]:
    """The struct that holds a property, the property's name, and whether it is a custom one.

    Raises:
        ValueError: There is no such property; its text says why, as the end of a sentence.
    """
    for pattern, custom in ((_CUSTOM, True), (_PLAIN, False)):
        if found := pattern.match(path):
            owner, name = found["owner"], found["name"]
            name = bpy.utils.unescape_identifier(name) if custom else name
            struct = block.path_resolve(owner) if owner else block
            if not isinstance(struct, bpy.types.bpy_struct):
                break
            if name in struct.keys() if custom else name in struct.bl_rna.properties:  # noqa: SIM118
                return struct, name, custom
            raise ValueError("is not there")
    raise ValueError("is no path of a property")


def _is_array(value: object) -> bool:
    return hasattr(value, "__len__") and not isinstance(value, str)
