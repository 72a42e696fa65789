# SPDX-License-Identifier: GPL-3.0-or-later
"""Inside Blender: all that an artist may do in the middle of a live preview, one after another."""

import atexit
import json
import os
import signal
import sys
import time

import bpy
import numpy as np
from parts import choose_clip_and_head, curves_of, workers

ADDON = "bl_ext.user_default.facewright"
BEFORE = "facewright_before_preview"
SMILE = "mouthSmileLeft"


def session():
    """The live session, or None."""
    return sys.modules[f"{ADDON}.scene.live"].live_session()


def run():
    """What the panel reads."""
    return bpy.context.window_manager.facewright.live


def head():
    """The character, which undo and files replace."""
    return bpy.data.objects["Facewright Head"]


def at_rest():
    """Whether all keys are as the artist left them, and nothing tells of a preview."""
    blocks = head().data.shape_keys.key_blocks[1:]
    found = {block.name: round(block.value, 4) for block in blocks if block.value}
    return found == {SMILE: 0.25} and BEFORE not in head().data.shape_keys


def shown():
    """Whether the character shows a preview."""
    return BEFORE in head().data.shape_keys and not at_rest()


def start(gui):
    """Press Start and wait for values."""
    with gui.override():
        bpy.ops.facewright.capture_webcam("INVOKE_DEFAULT")
    yield from gui.until(shown, "values arrive")


def ended(gui):
    """Wait until nothing of live capture is left."""
    yield from gui.until(lambda: session() is None and not run().is_live, "it ends")
    yield from gui.until(lambda: not workers(), "the worker leaves")


def stop(gui):
    """Press Stop."""
    with gui.override():
        bpy.ops.facewright.stop_live()
    yield from ended(gui)


def steps(gui):
    """All of it."""
    mesh = yield from choose_clip_and_head(gui)
    shot = bpy.context.scene.facewright
    shot.live.source, shot.live.countdown = "CLIP", 0
    mesh.data.shape_keys.key_blocks[SMILE].value = 0.25
    # Quicker to draw in software, and points can be compared.
    mesh.display_type = "BOUNDS"
    for modifier in [m for m in mesh.modifiers if m.type == "SUBSURF"]:
        mesh.modifiers.remove(modifier)
    bpy.ops.ed.undo_push(message="A smile")
    found = {}
    cases = (
        undo,
        silence,
        other_mode,
        save,
        render,
        playback,
        playing_recording,
        other_scene,
        closed_window,
        killed_worker,
        hanging_worker,
        mistake,
        deleted_target,
        disabled_addon,
        other_file,
        quitting,
    )
    for case in cases:
        began = time.monotonic()
        found[case.__name__] = yield from case(gui)
        print(f"{case.__name__}: {time.monotonic() - began:.1f} s", flush=True)
    return found


def undo(gui):
    """The artist's last step is undone, no other, and the preview goes on."""
    yield from start(gui)
    found = {"polls": [bpy.ops.facewright.track_video.poll(), bpy.ops.facewright.stop_live.poll()]}
    head().location.x = 1.0
    bpy.ops.ed.undo_push(message="Move")
    yield from gui.wait(0.7)
    with gui.override():
        bpy.ops.ed.undo()
    found["x"] = head().location.x
    yield from gui.until(shown, "the preview goes on")
    with gui.override():
        bpy.ops.ed.redo()
    found["x_again"] = head().location.x
    yield from gui.until(shown, "the preview goes on")
    # Undone while the preview is off, a step made during it comes back as it was before.
    bpy.context.scene.facewright.live.preview = False
    yield from gui.until(at_rest, "the preview is off")
    with gui.override():
        bpy.ops.ed.undo()
    found["at_rest"] = at_rest()
    bpy.context.scene.facewright.live.preview = True
    yield from gui.until(shown, "the preview is on")
    return found


def silence(gui):
    """Nothing is evaluated while no values come."""
    evaluations = []

    def note(_scene, depsgraph):
        evaluations.extend(update.id.name for update in depsgraph.updates)

    (pid,) = workers()
    os.kill(pid, signal.SIGSTOP)
    yield from gui.wait(2.0)
    bpy.app.handlers.depsgraph_update_post.append(note)
    yield from gui.wait(1.0)
    bpy.app.handlers.depsgraph_update_post.remove(note)
    os.kill(pid, signal.SIGCONT)
    return {"evaluated": evaluations}


def other_mode(gui):
    """Edit mode shows the character as it is; then the preview goes on."""
    bpy.context.view_layer.objects.active = head()
    with gui.override():
        bpy.ops.object.mode_set(mode="EDIT")
    yield from gui.until(at_rest, "edit mode takes the preview away")
    with gui.override():
        bpy.ops.object.mode_set(mode="OBJECT")
    yield from gui.until(shown, "object mode brings it back")
    # Neither does a larger area or another workspace end it.
    with gui.override():
        bpy.ops.screen.screen_full_area()
    yield from gui.wait(0.5)
    large = len(gui.window().screen.areas)
    with gui.override():
        bpy.ops.screen.screen_full_area()
    workspace = gui.window().workspace
    gui.window().workspace = bpy.data.workspaces["Scripting"]
    yield from gui.wait(0.7)
    elsewhere = run().is_live and shown()
    gui.window().workspace = workspace
    yield from gui.wait(0.3)
    return {"areas": large, "elsewhere": elsewhere}


def save(gui):
    """The file holds what was before."""
    path = str(gui.workdir / "saved.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path, copy=True)
    rest = at_rest()
    with bpy.data.libraries.load(path) as (_, wanted):
        wanted.meshes = [head().data.name]
    keys = wanted.meshes[0].shape_keys
    value, kept = keys.key_blocks[SMILE].value, BEFORE in keys
    bpy.data.meshes.remove(wanted.meshes[0])
    yield from gui.until(shown, "the preview goes on")
    return {"at_rest": rest, "value": value, "kept": kept}


class Recorder(bpy.types.RenderEngine):
    """Renders nothing and notes where the points are that it would have rendered."""

    bl_idname = "FACEWRIGHT_TEST_RECORDER"
    bl_label = "Recorder"
    seen = []
    rests = []

    def render(self, depsgraph):
        """Note the frame and the mesh."""
        mesh = next(ob for ob in depsgraph.objects if ob.name == "Facewright Head").data
        self.seen.append((depsgraph.scene.frame_current, points_of(mesh)))
        self.rests.append(BEFORE not in head().data.shape_keys)
        time.sleep(0.3)
        self.end_result(self.begin_result(0, 0, 8, 8))


def points_of(mesh):
    """Its points, float32 (n, 3)."""
    points = np.empty(len(mesh.vertices) * 3, np.float32)
    mesh.vertices.foreach_get("co", points)
    return points.reshape(-1, 3)


def key_only(value):
    """Where the points are when only the left smile shows."""
    blocks = head().data.shape_keys.key_blocks
    base, smile = points_of_key(blocks["Basis"]), points_of_key(blocks[SMILE])
    return base + value * (smile - base)


def points_of_key(block):
    """The points of one key, float32 (n, 3)."""
    points = np.empty(len(block.data) * 3, np.float32)
    block.data.foreach_get("co", points)
    return points.reshape(-1, 3)


def animate():
    """The smile goes from 0 on frame 1 to 1 on frame 5."""
    block = head().data.shape_keys.key_blocks[SMILE]
    for frame, value in ((1, 0.0), (5, 1.0)):
        block.value = value
        block.keyframe_insert("value", frame=frame)
    for curve in curves_of(head()).values():
        for point in curve.keyframe_points:
            point.interpolation = "LINEAR"


def render(gui):
    """F12 shows the character as it is, an animation as it is animated."""
    scene = bpy.context.scene
    bpy.utils.register_class(Recorder)
    scene.render.engine, scene.render.filepath = Recorder.bl_idname, str(gui.workdir / "frame_")
    scene.render.resolution_x = scene.render.resolution_y = 8
    # A head that is turned would move all points.
    scene.facewright.use_head = False
    yield from stop(gui)
    yield from start(gui)
    with gui.override():
        bpy.ops.render.render("INVOKE_DEFAULT")
    yield from gui.until(lambda: Recorder.seen, "it renders")
    yield from gui.until(lambda: not bpy.app.is_job_running("RENDER"), "it has rendered")
    yield from gui.until(shown, "the preview goes on")
    (_, still), off = Recorder.seen.pop(), key_only(0.25)
    found = {"still": float(np.abs(still - off).max())}
    animate()
    scene.frame_start, scene.frame_end = 1, 5
    with gui.override():
        bpy.ops.render.render("INVOKE_DEFAULT", animation=True)
    yield from gui.until(lambda: len(Recorder.seen) == 5, "it renders an animation")
    yield from gui.until(lambda: not bpy.app.is_job_running("RENDER"), "it has rendered")
    found["rests"] = list(Recorder.rests)
    found["frames"] = [frame for frame, _ in Recorder.seen]
    found["animation"] = [
        float(np.abs(points - key_only((frame - 1) / 4)).max()) for frame, points in Recorder.seen
    ]
    yield from gui.until(shown, "the preview goes on")
    # Viewport Render Animation, too.
    watched = []

    def note(*_):
        watched.append(session().rig.showing)

    bpy.app.handlers.frame_change_post.append(note)
    scene.render.resolution_x = scene.render.resolution_y = 64
    with gui.override():
        bpy.ops.render.opengl("INVOKE_DEFAULT", animation=True)
    yield from gui.until(lambda: len(watched) >= 5, "the viewport renders")
    found["viewport"] = watched[:5]
    bpy.app.handlers.frame_change_post.remove(note)
    yield from gui.until(lambda: not gui.window().modal_operators.get("RENDER_OT_opengl"), "done")
    yield from gui.until(shown, "the preview goes on")
    bpy.utils.unregister_class(Recorder)
    for image in list(bpy.data.images):
        if image.type == "RENDER_RESULT":
            bpy.data.images.remove(image)
    return found


def playback(gui):
    """What was recorded can be watched; on request the preview shows all the same."""
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 1, 5
    with gui.override():
        bpy.ops.screen.animation_play()
    yield from gui.until(lambda: not session().rig.showing, "playing shows the animation")
    yield from gui.wait(0.5)
    smiles = {round(head().data.shape_keys.key_blocks[SMILE].value, 3)}
    for _ in range(8):
        yield
        smiles.add(round(head().data.shape_keys.key_blocks[SMILE].value, 3))
    scene.facewright.live.while_playing = True
    yield from gui.until(lambda: session().rig.showing, "on request the preview shows")
    yield from gui.wait(0.5)
    both = session().rig.showing and bpy.context.screen.is_animation_playing
    with gui.override():
        bpy.ops.screen.animation_cancel(restore_frame=False)
    scene.facewright.live.while_playing = False
    yield from stop(gui)
    yield from gui.wait(0.3)
    frame = scene.frame_current
    after = head().data.shape_keys.key_blocks[SMILE].value
    return {"smiles": sorted(smiles), "both": both, "frame": frame, "after": round(after, 4)}


def playing_recording(gui):
    """A recording with the timeline starts on the playhead's frame and ends with the timeline."""
    scene = bpy.context.scene
    head().data.shape_keys.animation_data_clear()
    head().data.shape_keys.key_blocks[SMILE].value = 0.25
    scene.render.fps = 24
    scene.frame_start, scene.frame_end = 1, 40
    scene.frame_set(10)
    scene.facewright.live.play = True
    sync = scene.sync_mode
    yield from start(gui)
    with gui.override():
        bpy.ops.facewright.record_take()
    yield from gui.until(lambda: run().is_recording, "it records")
    yield from gui.until(lambda: bpy.context.screen.is_animation_playing, "the timeline plays")
    during = session().rig.showing
    yield from gui.until(lambda: curves_of(head()), "the end of the timeline ends the recording")
    curve = next(iter(curves_of(head()).values()))
    frames = [point.co.x for point in curve.keyframe_points]
    found = {
        "during": during,
        "first": frames[0],
        "last": frames[-1],
        "live": run().is_live,
        "end": scene.frame_end,
        "plays": bpy.context.screen.is_animation_playing,
        "sync": scene.sync_mode == sync,
    }
    yield from stop(gui)
    with gui.override():
        bpy.ops.ed.undo()
    yield from gui.wait(0.3)
    found["curves_after_undo"] = len(curves_of(head()))
    head().data.shape_keys.key_blocks[SMILE].value = 0.25
    return found


def other_scene(gui):
    """Another scene in the window changes nothing, but its timeline cannot play along."""
    scene = bpy.context.scene
    yield from start(gui)
    with gui.override():
        bpy.ops.scene.new(type="NEW")
    other = gui.window().scene
    yield from gui.wait(0.5)
    found = {"other": other != scene, "live": run().is_live and shown()}
    with gui.override():
        bpy.ops.facewright.record_take()
    yield from gui.wait(0.7)
    found["recording"] = run().is_recording
    bpy.data.scenes.remove(other)
    yield from gui.wait(0.3)
    found["back"] = gui.window().scene == scene and run().is_live and shown()
    scene.facewright.live.play = False
    yield from stop(gui)
    found["at_rest"] = at_rest()
    return found


def closed_window(gui):
    """Live capture goes with the window that it was started in."""
    manager = bpy.context.window_manager
    before = len(manager.windows)
    with gui.override():
        bpy.ops.wm.window_new()
    yield from gui.wait(0.7)
    second = manager.windows[-1]
    area = next(area for area in second.screen.areas)
    with bpy.context.temp_override(window=second, area=area):
        bpy.ops.facewright.capture_webcam("INVOKE_DEFAULT")
    yield from gui.until(shown, "values arrive")
    with bpy.context.temp_override(window=second):
        bpy.ops.wm.window_close()
    yield from ended(gui)
    gone = len(manager.windows) == before
    return {"gone": gone, "at_rest": at_rest(), "can": can_start()}


def can_start():
    """Whether Start can be pressed."""
    return bpy.ops.facewright.capture_webcam.poll()


def killed_worker(gui):
    """The panel says so, and the character is as it was."""
    yield from start(gui)
    (pid,) = workers()
    os.kill(pid, signal.SIGKILL)
    yield from ended(gui)
    return {"problem": run().problem, "at_rest": at_rest(), "can": can_start()}


def hanging_worker(gui):
    """Esc gives the character back at once; a second one gives the worker up."""
    yield from start(gui)
    (pid,) = workers()
    os.kill(pid, signal.SIGSTOP)
    yield from gui.press("ESC")
    yield from gui.until(at_rest, "Esc gives the character back")
    yield from gui.wait(3.2)
    still = run().is_live
    yield from gui.press("ESC")
    yield from ended(gui)
    return {"still": still, "at_rest": at_rest(), "can": can_start()}


def mistake(gui):
    """An error of our own leaves neither the preview's values nor the worker behind."""
    yield from start(gui)

    def fail():
        raise RuntimeError("a mistake on purpose")

    session().tick = fail
    yield from ended(gui)
    return {"at_rest": at_rest(), "can": can_start()}


def deleted_target(gui):
    """Deleted while recording: it ends in words, the take stays, undo brings the character back."""
    yield from start(gui)
    with gui.override():
        bpy.ops.facewright.record_take()
    yield from gui.until(lambda: run().is_recording, "it records")
    yield from gui.wait(0.7)
    take = session().recording.take
    keys = head().data.shape_keys
    bpy.ops.object.select_all(action="DESELECT")
    head().select_set(True)
    with gui.override():
        bpy.ops.object.delete()
    bpy.ops.ed.undo_push(message="Delete")
    yield from gui.until(lambda: session() is None, "it ends")
    found = {"problem": run().problem, "value": keys.key_blocks[SMILE].value}
    yield from gui.until(lambda: not workers(), "the worker leaves")
    found["take"] = take.is_file()
    with gui.override():
        bpy.ops.ed.undo()
    yield from gui.wait(0.3)
    found["there"] = head().name in bpy.context.scene.objects
    found["at_rest"] = at_rest()
    return found


class Counter(bpy.types.Operator):
    """Counts the timer's events in the window."""

    bl_idname = "facewright_test.counter"
    bl_label = "Counter"
    events = 0

    def invoke(self, context, _event):
        """Begin."""
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, _context, event):
        """Count; Esc ends."""
        if event.type == "ESC":
            return {"FINISHED"}
        type(self).events += event.type == "TIMER"
        return {"PASS_THROUGH"}


def disabled_addon(gui):
    """Nothing is left: no worker, no value, no timer, no word in the status bar."""
    yield from start(gui)
    bpy.utils.register_class(Counter)
    with gui.override():
        bpy.ops.facewright_test.counter("INVOKE_DEFAULT")
    yield from gui.wait(0.5)
    before = Counter.events
    bpy.ops.preferences.addon_disable(module=ADDON)
    rest = at_rest()
    yield from gui.until(lambda: not workers(), "the worker ends with the add-on")
    # On a busy machine an event that was queued before may still come.
    yield from gui.wait(0.3)
    Counter.events = 0
    yield from gui.wait(0.5)
    after = Counter.events
    yield from gui.press("ESC")
    yield from gui.wait(0.2)
    bpy.utils.unregister_class(Counter)
    bpy.ops.preferences.addon_enable(module=ADDON)
    yield from gui.wait(0.3)
    return {"at_rest": rest, "before": before > 0, "after": after, "can": can_start()}


def other_file(gui):
    """A file that was saved while live opens as it was before, and Start can be pressed."""
    path = str(gui.workdir / "shot.blend")
    yield from start(gui)
    bpy.ops.wm.save_as_mainfile(filepath=path)
    yield from gui.until(shown, "the preview goes on")
    bpy.ops.wm.open_mainfile(filepath=path)
    yield from gui.wait(0.5)
    found = {"live": run().is_live, "session": session() is None, "at_rest": at_rest()}
    yield from gui.until(lambda: not workers(), "the worker leaves")
    found["can"] = can_start()
    # Blender's own crash copy is an undo step, which may have been made during a preview.
    yield from start(gui)
    bpy.ops.ed.undo_push(message="Anything")
    session().rig.showing = False  # as nobody would put values back in a crash
    crash = str(gui.workdir / "crash.blend")
    bpy.ops.wm.save_as_mainfile(filepath=crash, copy=True)
    found["previewed"] = BEFORE in head().data.shape_keys
    bpy.ops.wm.open_mainfile(filepath=crash)
    yield from gui.wait(0.3)
    found["after_crash"] = at_rest()
    return found


def quitting(gui):
    """Blender is quit in the middle of a recording; the test looks for what is left."""
    yield from gui.until(lambda: not workers(), "the worker leaves")
    yield from start(gui)
    bpy.context.scene.facewright.live.play = True
    with gui.override():
        bpy.ops.facewright.record_take()
    yield from gui.until(lambda: bpy.context.screen.is_animation_playing, "the timeline plays")
    yield from gui.wait(0.5)
    # Python calls this when it has waited for its threads.
    left = gui.workdir / "left.json"
    atexit.register(lambda: left.write_text(json.dumps(workers())))
    return {"live": run().is_live, "take": str(session().recording.take)}
