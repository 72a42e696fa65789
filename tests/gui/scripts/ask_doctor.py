# SPDX-License-Identifier: GPL-3.0-or-later
"""Inside Blender: a detector that lacks its model, its licence, and the doctor."""

import hashlib
import sys

import bpy
from parts import only_panels


def steps(gui):
    """What a person does who wants another detector, and then to know what is wrong."""
    bpy.context.preferences.view.ui_scale = 0.85
    with only_panels("FACEWRIGHT_PT_capture", "FACEWRIGHT_PT_doctor"):
        return (yield from ask(gui))


def ask(gui):
    """The steps themselves."""
    shot = bpy.context.scene.facewright
    shot.detector = "scrfd"
    yield from gui.show_tab("Facewright")
    yield from gui.photograph("needs_a_model")
    items = sys.modules["bl_ext.user_default.facewright.properties.models"].detector_items
    before = label(items(shot, bpy.context))
    with gui.override():
        bpy.ops.facewright.accept_model("INVOKE_DEFAULT", model="scrfd")
    yield from gui.photograph("licence")
    yield from gui.press("RET")
    yield from gui.wait(0.5)
    models = "bl_ext.user_default.facewright.engine.models"
    added, optional, terms = (
        sys.modules[f"{models}.{name}"] for name in ("added", "optional", "terms")
    )
    accepted = terms.is_accepted(optional.optional_model("scrfd"))
    source = gui.workdir / "det_10g.onnx"
    source.write_bytes(b"\x08 no network, but a file")
    with gui.override():
        bpy.ops.facewright.add_model("EXEC_DEFAULT", model="scrfd", filepath=str(source))
    after = label(items(shot, bpy.context))
    yield from gui.photograph("added")

    run = bpy.context.window_manager.facewright
    with gui.override():
        bpy.ops.facewright.doctor("INVOKE_DEFAULT")
    yield from gui.press("ESC")
    yield from gui.until(lambda: not run.is_running, "Esc ends it", 60)
    after_esc = [run.result, run.doctor.verdict]

    with gui.override():
        bpy.ops.facewright.doctor("INVOKE_DEFAULT", cameras=True)
    was_running = run.is_running
    yield from gui.until(lambda: not run.is_running, "the doctor has ended")
    yield from gui.wait(1.0)
    yield from gui.photograph("doctor")
    report = bpy.context.window_manager.clipboard

    gui.show_preferences()
    yield from gui.photograph("preferences")
    kept = added.optional_path("scrfd")
    return {
        "before": before,
        "after": after,
        "accepted": accepted,
        "after_esc": after_esc,
        "was_running": was_running,
        "ready": run.doctor.ready,
        "result": run.result,
        "report": report,
        "hash_is_kept": hashlib.sha256(kept.read_bytes()).hexdigest()
        == added.known_hash(optional.optional_model("scrfd")),
        "folder": str(kept.parent),
    }


def label(items):
    """What the list shows of the detector."""
    return next(item[1] for item in items if item[0] == "scrfd")
