# SPDX-License-Identifier: GPL-3.0-or-later
"""Mappings on library overrides, over saving and loading.

Blender keeps changed numbers of an override, but neither a list that is not in the library nor
items taken out of one. So where an override's mapping has other rows or targets than the library's,
it is written as text into a property of its own when the file is saved, and comes back when it is
loaded. What only differs in numbers is left to Blender, so that the rest follows the library.
"""

from __future__ import annotations

import json
import sys

import bpy

from ..engine.core.errors import FacewrightError
from ..engine.retarget.mapping_file import mapping_from_json, mapping_to_json
from .handlers import add_handlers, remove_handlers
from .mapping_store import clear_mapping, keeps_mapping, store_mapping, stored_mapping

# On the override: that it has no mapping, whatever the library has.
_NONE = "null"


@bpy.app.handlers.persistent
def write_texts(*_arguments: object) -> None:
    """Before saving."""
    for ob in bpy.data.objects:
        if not (ob.override_library and ob.is_editable):
            continue
        text = "" if _form(ob) == _form(ob.override_library.reference) else _text(ob)
        if ob.facewright_mapping_text != text:
            ob.facewright_mapping_text = text


@bpy.app.handlers.persistent
def read_texts(*_arguments: object) -> None:
    """After loading."""
    for ob in bpy.data.objects:
        if not (ob.override_library and ob.is_editable and ob.facewright_mapping_text):
            continue
        try:
            data = json.loads(ob.facewright_mapping_text)
            if data is None:
                clear_mapping(ob)
            else:
                store_mapping(ob, mapping_from_json(data))
        except (ValueError, FacewrightError) as error:
            # The others shall come back.
            sys.stderr.write(f'Facewright: the mapping of "{ob.name}" is damaged: {error}\n')


def _form(ob: bpy.types.Object) -> list[tuple[str, int]]:
    """Rows and numbers of targets, which Blender keeps of no override."""
    return [(row.name, len(row.drives)) for row in ob.facewright_mapping.rows]


def _text(ob: bpy.types.Object) -> str:
    if not keeps_mapping(ob):
        return _NONE
    mapping = stored_mapping([ob], soloed=False)
    return json.dumps(mapping_to_json(mapping), ensure_ascii=False)


_HANDLERS = (("save_pre", write_texts), ("load_post", read_texts))


def register() -> None:
    """Be told of saving and loading."""
    add_handlers(_HANDLERS)


def unregister() -> None:
    """Be told no more."""
    remove_handlers(_HANDLERS)
