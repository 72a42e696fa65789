# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of a capture: the shot's on the scene, the person's in the preferences, and what is
happening right now on the window manager, which is not saved."""

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from .confidence import FacewrightConfidence, FacewrightDoubt
from .doctor import FacewrightDoctor
from .learn_speech import FacewrightLearned
from .live import FacewrightLive, FacewrightLiveRun, speaks
from .models import detector_items, engine_disabled_reason, engine_items, quality_items
from .paths import PATH_OPTIONS
from .shapes import FacewrightShapes
from .solve import FacewrightSolve
from .speech import FacewrightSpeech, cues_shown, named_speakers
from .takes import FacewrightGain, FacewrightTakeList, FacewrightTakes, selected_take, speech_of

_BUSY = "Facewright is at work; Esc cancels"
_LIVE = "Live capture is running; Esc or Stop ends it"
_LIVE_CUES = "A take that was spoken live has no cues: use Lip-Sync on its sound"
_TARGET_TYPES = frozenset({"MESH", "ARMATURE", "EMPTY"})


def _can_be_target(_settings: bpy.types.PropertyGroup, thing: bpy.types.Object) -> bool:
    return thing.type in _TARGET_TYPES


def _strength(part: str, default: float) -> FloatProperty:
    return FloatProperty(
        name=part,
        description=f"Smoothing of the {part.lower()}: 0 leaves every tremble, 1 is very slow. "
        "It never delays the motion",
        default=default,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )


class FacewrightShot(bpy.types.PropertyGroup):
    """What belongs to the shot: the clip, the character in it, and how keys are written."""

    solve: PointerProperty(type=FacewrightSolve)
    live: PointerProperty(type=FacewrightLive)
    takes: PointerProperty(type=FacewrightTakes)
    gain: PointerProperty(type=FacewrightGain)
    shapes: PointerProperty(type=FacewrightShapes)
    speech: PointerProperty(type=FacewrightSpeech)
    video: StringProperty(
        name="Video",
        description="The video of the performer's face",
        subtype="FILE_PATH",
        options=PATH_OPTIONS,
    )
    take: StringProperty(
        name="Take",
        description="The take that was tracked last; its keys can be written again with other "
        "settings without tracking",
        subtype="FILE_PATH",
        options=PATH_OPTIONS,
    )
    engine: EnumProperty(name="Engine", description="What tracks the face", items=engine_items)
    engine_file: StringProperty(
        name="Description",
        description="The .toml that describes your engine; see docs/custom_engine.md",
        subtype="FILE_PATH",
        options=PATH_OPTIONS,
    )
    detector: EnumProperty(
        name="Detector",
        description="What finds the face where it is not followed yet",
        items=detector_items,
    )
    quality: EnumProperty(
        name="Quality",
        description="How often each frame of a video is looked at. Live capture is always fast",
        items=quality_items(),
    )
    face: IntProperty(
        name="Face",
        description="Which face to track where several are in the picture: 0 is the largest",
        min=0,
        max=15,
    )
    recover: BoolProperty(
        name="Recover Gaps",
        description="Look a second time, backwards, where the face was lost",
        default=True,
    )
    target: PointerProperty(
        name="Target",
        description="The character: a mesh with shape keys, or the armature or empty that holds "
        "its meshes",
        type=bpy.types.Object,
        poll=_can_be_target,
    )
    use_selected: BoolProperty(
        name="Selected Objects Too",
        description="Write keys on the other selected meshes as well, e.g. separate eyes or teeth",
    )
    start_frame: IntProperty(
        name="Start Frame", description="Frame on which the clip's first picture falls", default=1
    )
    action_mode: EnumProperty(
        name="Action",
        description="Where the keys go",
        items=[
            ("NEW", "New Action", "Write a new action; the old one stays in the file"),
            (
                "EXISTING",
                "Into Existing",
                "Write into the action in use, over the recorded range and channels only",
            ),
        ],
    )
    use_head: BoolProperty(
        name="Head Rotation", description="Key the rotation of the head", default=True
    )
    use_head_location: BoolProperty(
        name="Head Position", description="Key the head's movement in space as well"
    )
    head_object: PointerProperty(
        name="Head",
        description="Object, or armature with the head bone, that the head's rotation goes to",
        type=bpy.types.Object,
    )
    head_bone: StringProperty(
        name="Bone", description="Head bone, where the head object is an armature"
    )
    neck_share: FloatProperty(
        name="Neck",
        description="How much of the head's rotation the neck takes; the head as it shows turns "
        "as far as ever",
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )
    neck_bone: StringProperty(
        name="Neck Bone",
        description="The lowest bone of the neck; empty finds the neck by its name",
    )
    eye_bone_left: StringProperty(
        name="Left Eye Bone",
        description="Bone of the actor's left eye in the head's armature; empty leaves the gaze "
        "to the eyeLook shape keys, and finds the bones by their names where there are none",
    )
    eye_bone_right: StringProperty(
        name="Right Eye Bone", description="Bone of the actor's right eye in the head's armature"
    )
    facing: EnumProperty(
        name="Facing",
        description="Where the character looks in its own space, for the sense of head and eyes",
        items=[
            ("-Y", "-Y", "Towards Blender's front view, as usual"),
            ("+Y", "+Y", "Away from the front view"),
            ("-X", "-X", "Along negative X"),
            ("+X", "+X", "Along positive X"),
        ],
    )
    head_center: EnumProperty(
        name="Straight Ahead",
        description="Which head pose counts as looking straight ahead",
        items=[
            ("MEDIAN", "Clip's Middle", "The pose in the middle of all poses of the clip"),
            ("FIRST", "First Frame", "The pose when the face is first seen"),
            ("NONE", "Camera", "Looking into the camera"),
        ],
    )
    smooth_brows: _strength("Brows", 0.4)
    smooth_eyelids: _strength("Eyelids", 0.25)
    smooth_gaze: _strength("Gaze", 0.3)
    smooth_cheeks: _strength("Cheeks", 0.4)
    smooth_jaw: _strength("Jaw", 0.3)
    smooth_mouth: _strength("Mouth", 0.3)
    smooth_tongue: _strength("Tongue", 0.3)
    smooth_head: _strength("Head", 0.5)
    keep_blinks: BoolProperty(
        name="Keep Blinks", description="Leave blinks as sharp as they were seen", default=True
    )
    keep_lips: BoolProperty(
        name="Keep Lip Contacts",
        description="Leave the closing of the lips as sharp as it was seen",
        default=True,
    )
    doubt: PointerProperty(type=FacewrightDoubt)
    gap_policy: EnumProperty(
        name="Gaps",
        description="What happens while no face is seen",
        items=[
            ("HOLD", "Hold", "Keep the last expression"),
            ("EASE", "Ease to Neutral", "Relax to neutral and come back"),
            ("EMPTY", "No Keys", "Write no keys there"),
        ],
    )
    key_times: EnumProperty(
        name="Keys On",
        description="At which times keys are written",
        items=[
            ("SCENE", "Scene Frames", "One key on every whole frame of the scene"),
            ("SOURCE", "Clip Frames", "One key at every picture of the clip, between frames"),
        ],
    )
    reduce_error: FloatProperty(
        name="Reduce Keys",
        description="Leave out keys as long as no curve changes by more than this; 0 keeps all",
        default=0.0,
        min=0.0,
        soft_max=0.1,
        max=1.0,
        precision=3,
    )
    keys_and_bones: BoolProperty(
        name="Keys and Bones",
        description="Write a shape key even though a bone of the same channel moves the same "
        "vertices the same way; otherwise it is left out, because the face would move twice",
    )
    extend_scene: BoolProperty(
        name="Extend Scene",
        description="Move the scene's end frame where the keys go beyond it",
        default=True,
    )
    use_sound: BoolProperty(
        name="Add Sound", description="Place the clip's sound in the Sequencer", default=True
    )
    sound_in_step: BoolProperty(
        name="Move Sound into Step",
        description="Place the clip's sound where the lips are, if it was found to be late or "
        "early. That is measured by Track and Solve Again with Sound Where the Mouth Is Hidden",
        default=False,
    )


class FacewrightLine(bpy.types.PropertyGroup):
    """One line of a result."""

    text: StringProperty()
    icon: StringProperty(default="INFO")


class FacewrightRun(bpy.types.PropertyGroup):
    """What is happening now, and what happened last. Not saved."""

    is_running: BoolProperty()
    is_cancelling: BoolProperty()
    factor: FloatProperty(min=0.0, max=1.0, subtype="FACTOR")
    status: StringProperty()
    result: StringProperty()
    lines: CollectionProperty(type=FacewrightLine)
    show_lines: BoolProperty(name="Details", description="Show every line of the last result")
    confidence: PointerProperty(type=FacewrightConfidence)
    live: PointerProperty(type=FacewrightLiveRun)
    takes: PointerProperty(type=FacewrightTakeList)
    learned: PointerProperty(type=FacewrightLearned)
    doctor: PointerProperty(type=FacewrightDoctor)


CLASSES = (FacewrightShot, FacewrightLine, FacewrightRun)


def shot_of(context: bpy.types.Context) -> FacewrightShot:
    """The shot's settings."""
    return context.scene.facewright


def run_of(context: bpy.types.Context) -> FacewrightRun:
    """What is happening now."""
    return context.window_manager.facewright


def add_pointers() -> None:
    """Hang the settings where they belong."""
    bpy.types.Scene.facewright = PointerProperty(type=FacewrightShot)
    bpy.types.WindowManager.facewright = PointerProperty(type=FacewrightRun)


def remove_pointers() -> None:
    """Take the settings off again.

    What was running has ended, but its traces in the window manager would outlive the add-on.
    """
    for manager in bpy.data.window_managers:
        manager.facewright.is_running = False
        manager.facewright.live.is_live = manager.facewright.live.is_sending = False
    del bpy.types.WindowManager.facewright
    del bpy.types.Scene.facewright


def track_disabled_reason(context: bpy.types.Context) -> str:
    """Why Track cannot be pressed; empty if it can. One sentence for poll, panel and script."""
    shot = shot_of(context)
    if run_of(context).is_running:
        return _BUSY
    if run_of(context).live.is_live:
        return _LIVE
    if not shot.video:
        return "Choose a video"
    if shot.target is None:
        return "Choose a target: a mesh with shape keys, or Add > Mesh > Facewright Head"
    return engine_disabled_reason(shot)


def take_disabled_reason(context: bpy.types.Context) -> str:
    """Why nothing can be done with the take; empty if something can."""
    if run_of(context).is_running:
        return _BUSY
    return "" if shot_of(context).take else "Track a clip or choose a take first"


def confidence_disabled_reason(context: bpy.types.Context) -> str:
    """Why nothing can be said of how sure the take is; empty if something can."""
    reason = take_disabled_reason(context)
    if not reason and speech_of(run_of(context), shot_of(context).take):
        reason = "The take was made of sound: no face was seen that could be in doubt"
    return reason


def calibrate_disabled_reason(context: bpy.types.Context) -> str:
    """Why no face can be calibrated; empty if one can."""
    live = run_of(context).live
    if not live.is_live:
        return "Start live capture first"
    if live.speaks:
        return "Only sound is captured: there is no face to calibrate"
    return "Stop recording first" if live.is_recording else ""


def apply_disabled_reason(context: bpy.types.Context) -> str:
    """Why keys cannot be written from the take; empty if they can."""
    return take_disabled_reason(context) or write_disabled_reason(context)


def busy_disabled_reason(context: bpy.types.Context) -> str:
    """Why nothing can be done with any take; empty if something can."""
    return _BUSY if run_of(context).is_running else ""


def write_disabled_reason(context: bpy.types.Context) -> str:
    """Why no take's keys can be written onto the target; empty if they can."""
    reason = busy_disabled_reason(context)
    if not reason and shot_of(context).target is None:
        reason = "Choose a target"
    return reason


def live_disabled_reason(context: bpy.types.Context) -> str:
    """Why live capture cannot start; empty if it can."""
    shot, run = shot_of(context), run_of(context)
    if run.is_running:
        return _BUSY
    if run.live.is_live:
        return _LIVE
    if shot.live.source == "CLIP" and not shot.video:
        return "Choose a video or a sound file to play"
    if shot.target is None:
        return "Choose a target: a mesh with shape keys, or Add > Mesh > Facewright Head"
    tracks = shot.live.source in ("CAMERA", "CLIP") and not speaks(shot)
    return engine_disabled_reason(shot) if tracks else ""


def lipsync_disabled_reason(context: bpy.types.Context) -> str:
    """Why Lip-Sync cannot be pressed; empty if it can."""
    shot = shot_of(context)
    if run_of(context).is_running:
        return _BUSY
    if run_of(context).live.is_live:
        return _LIVE
    if shot.speech.source == "FILE" and not shot.speech.sound:
        return "Choose a sound file"
    if shot.speech.source == "STRIP" and context.scene.sequence_editor is None:
        return "Add a sound strip in the Sequencer"
    if shot.target is None and not named_speakers(shot.speech):
        return "Choose a target: a mesh with shape keys, or Add > Mesh > Facewright Head"
    return ""


def learn_speech_disabled_reason(context: bpy.types.Context) -> str:
    """Why no performer can be learned; empty if one can."""
    run, learn = run_of(context), shot_of(context).speech.learn
    if run.is_running:
        return _BUSY
    if run.live.is_live:
        return _LIVE
    if learn.source == "VIDEO":
        return "" if learn.video else "Choose a video of the performer speaking"
    if learn.source == "FOLDER":
        return "" if learn.folder else "Choose a folder with takes or videos"
    if learn.source == "SELECTED":
        take = selected_take(run)
        if take is None:
            return "Select a take in the list of takes"
        return "The take was made of sound: no face was seen" if take.speech else ""
    seen = [take for take in run.takes.takes if not take.speech]
    if learn.source == "STARRED":
        return "" if any(take.star for take in seen) else "Give takes of the list a star"
    return "" if seen else "The list of takes holds none of a face"


def show_cues_disabled_reason(context: bpy.types.Context) -> str:
    """Why no cues can be shown; empty if they can."""
    if run_of(context).is_running:
        return _BUSY
    shot = shot_of(context)
    if shot.speech.speakers:
        return ""
    if speech_of(run_of(context), shot.take) == "LIVE":
        return _LIVE_CUES
    return "" if shot.take else "Lip-Sync first"


def cues_disabled_reason(context: bpy.types.Context) -> str:
    """Why nothing can be done with cues on the timeline; empty if something can."""
    if run_of(context).is_running:
        return _BUSY
    return "" if cues_shown(shot_of(context).speech) else "No cues are shown: press Show Cues"


def shapes_disabled_reason(context: bpy.types.Context) -> str:
    """Why no shapes can be made on the target; empty if they can."""
    if run_of(context).is_running:
        return _BUSY
    if run_of(context).live.is_live:
        return _LIVE
    if shot_of(context).target is None:
        return "Choose a target: the mesh of a head, or what its meshes hang below"
    return ""


def send_disabled_reason(context: bpy.types.Context) -> str:
    """Why nothing can be sent to another program; empty if it can."""
    if run_of(context).live.is_sending:
        return "Sending already"
    if shot_of(context).target is None:
        return "Choose a target"
    return ""
