# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that Blender is told about Facewright, in one ordered list."""

from __future__ import annotations

import bpy

from . import cli
from .operators import after as after_operators
from .operators import capture as capture_operators
from .operators import carry as carry_operators
from .operators import confidence as confidence_operators
from .operators import control_panel as control_panel_operators
from .operators import cue_follow
from .operators import cues as cue_operators
from .operators import devices as device_operators
from .operators import doctor as doctor_operators
from .operators import face_files as face_file_operators
from .operators import fit as fit_operators
from .operators import head as head_operators
from .operators import learn_speech as learn_speech_operators
from .operators import live as live_operators
from .operators import mapping_channel as mapping_channel_operators
from .operators import mapping_files as mapping_file_operators
from .operators import mapping_poses as mapping_pose_operators
from .operators import mapping_test as mapping_test_operators
from .operators import models as model_operators
from .operators import performer as performer_operators
from .operators import retarget as retarget_operators
from .operators import runtime as runtime_operators
from .operators import sending as sending_operators
from .operators import shapes as shape_operators
from .operators import solve as solve_operators
from .operators import speech as speech_operators
from .operators import take_keys as take_key_operators
from .operators import takes as take_operators
from .panels import after as after_panels
from .panels import capture as capture_panels
from .panels import confidence as confidence_panels
from .panels import doctor as doctor_panels
from .panels import keys as key_panels
from .panels import learn_speech as learn_speech_panels
from .panels import live as live_panels
from .panels import mapping_channel as mapping_channel_panels
from .panels import retarget as retarget_panels
from .panels import shapes as shape_panels
from .panels import solve as solve_panels
from .panels import speech as speech_panels
from .panels import takes as take_panels
from .properties import capture as capture_properties
from .properties import confidence as confidence_properties
from .properties import doctor as doctor_properties
from .properties import learn_speech as learn_speech_properties
from .properties import live as live_properties
from .properties import mapping_edit as mapping_edit_properties
from .properties import preferences
from .properties import retarget as retarget_properties
from .properties import run as run_properties
from .properties import shapes as shape_properties
from .properties import solve as solve_properties
from .properties import speech as speech_properties
from .properties import takes as take_properties
from .scene import (
    channel_test,
    live_handlers,
    mapping_overrides,
    response_widget,
    stream_out,
    take_paths,
)
from .scene.handlers import add_handlers, remove_handlers
from .scene.jobs import end_all_jobs
from .scene.models import announce_home

CLASSES = (
    # A group before those that hold it.
    *solve_properties.CLASSES,
    *confidence_properties.CLASSES,
    *live_properties.CLASSES,
    *take_properties.CLASSES,
    *retarget_properties.CLASSES,
    *mapping_edit_properties.CLASSES,
    *shape_properties.CLASSES,
    *doctor_properties.CLASSES,
    *learn_speech_properties.CLASSES,
    *speech_properties.CLASSES,
    *run_properties.CLASSES,
    *capture_properties.CLASSES,
    *preferences.CLASSES,
    *head_operators.CLASSES,
    *capture_operators.CLASSES,
    *solve_operators.CLASSES,
    *confidence_operators.CLASSES,
    *take_operators.CLASSES,
    *take_key_operators.CLASSES,
    *after_operators.CLASSES,
    *carry_operators.CLASSES,
    *fit_operators.CLASSES,
    *face_file_operators.CLASSES,
    *device_operators.CLASSES,
    *model_operators.CLASSES,
    *doctor_operators.CLASSES,
    *runtime_operators.CLASSES,
    *live_operators.CLASSES,
    *sending_operators.CLASSES,
    *performer_operators.CLASSES,
    *shape_operators.CLASSES,
    *speech_operators.CLASSES,
    *learn_speech_operators.CLASSES,
    *cue_operators.CLASSES,
    *control_panel_operators.CLASSES,
    *retarget_operators.CLASSES,
    *mapping_channel_operators.CLASSES,
    *mapping_file_operators.CLASSES,
    *mapping_pose_operators.CLASSES,
    *mapping_test_operators.CLASSES,
    *live_panels.CLASSES,
    *take_panels.CLASSES,
    *after_panels.CLASSES,
    *capture_panels.CLASSES,
    *speech_panels.CLASSES,
    *learn_speech_panels.CLASSES,
    *shape_panels.CLASSES,
    # The order in which Blender shows the sub-panels.
    *solve_panels.CLASSES,
    *confidence_panels.CLASSES,
    *key_panels.CLASSES,
    *retarget_panels.CLASSES,
    *mapping_channel_panels.CLASSES,
    *doctor_panels.CLASSES,
)
_commands: list = []


@bpy.app.handlers.persistent
def _on_loaded(*_arguments: object) -> None:
    take_operators.refresh_takes(bpy.context)
    model_operators.look_again()


@bpy.app.handlers.persistent
def _on_load(*_arguments: object) -> None:
    end_all_jobs()


_HANDLERS = (("load_pre", _on_load), ("load_post", _on_loaded))


def register() -> None:
    """Register all; on failure leave nothing half-registered."""
    done = []
    try:
        for cls in CLASSES:
            bpy.utils.register_class(cls)
            done.append(cls)
    except (ValueError, RuntimeError):
        for cls in reversed(done):
            bpy.utils.unregister_class(cls)
        raise
    run_properties.add_pointers()
    capture_properties.add_pointers()
    retarget_properties.add_pointers()
    mapping_edit_properties.add_pointers()
    bpy.types.VIEW3D_MT_mesh_add.append(head_operators.draw_add_menu)
    bpy.types.TOPBAR_MT_file_import.append(face_file_operators.draw_import_menu)
    bpy.types.TOPBAR_MT_file_export.append(face_file_operators.draw_export_menu)
    add_handlers(_HANDLERS)
    live_handlers.register()
    channel_test.register()
    mapping_overrides.register()
    take_paths.register()
    stream_out.register()
    cue_follow.register()
    announce_home()
    model_operators.look_again()
    runtime_operators.look_again()
    _commands.append(bpy.utils.register_cli_command("facewright", cli.main))


def unregister() -> None:
    """The mirror image of ``register``."""
    cue_follow.unregister()
    stream_out.unregister()
    take_paths.unregister()
    mapping_overrides.unregister()
    channel_test.unregister()
    response_widget.stop(mapping_edit_properties.RESPONSE_GROUP)
    live_handlers.unregister()
    end_all_jobs()
    while _commands:
        bpy.utils.unregister_cli_command(_commands.pop())
    remove_handlers(_HANDLERS)
    bpy.types.TOPBAR_MT_file_export.remove(face_file_operators.draw_export_menu)
    bpy.types.TOPBAR_MT_file_import.remove(face_file_operators.draw_import_menu)
    bpy.types.VIEW3D_MT_mesh_add.remove(head_operators.draw_add_menu)
    mapping_edit_properties.remove_pointers()
    retarget_properties.remove_pointers()
    capture_properties.remove_pointers()
    run_properties.remove_pointers()
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
