# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of live capture, which belong to the shot, and what it is doing now, which is not
saved."""

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    IntProperty,
    StringProperty,
)

from ..engine.core.live_source import is_sound_file
from ..engine.core.network import own_addresses

PARTS = ("brows", "eyelids", "gaze", "cheeks", "jaw", "mouth", "tongue", "head")
# As ``engine.filters.live.DEFAULT_STEADINESS``; a test compares the two.
_DEFAULT_STEADINESS = {"cheeks": 0.7, "head": 0.5}


# Ids of ``engine.formats.dialects``; a test compares the two.
_SENDABLE = [
    ("livelink", "Live Link Face", "Unreal Engine, and whatever else understands the iPhone app"),
    ("vmc", "VMC", "VSeeFace, Warudo, VNyan, Unity and others (Virtual Motion Capture protocol)"),
    ("ifacialmocap", "iFacialMocap", "iFacialMocap on an iPhone, and what speaks like it"),
    ("vtube", "VTube Studio", "VTube Studio or MeowFace on a phone"),
    ("facecap", "Face Cap", "Face Cap on an iPhone (OSC)"),
    ("facemotion3d", "Facemotion3d", "Facemotion3d on a phone"),
]
_DIALECTS = [
    ("any", "Any", "Find out by what arrives"),
    *_SENDABLE,
    ("openseeface", "OpenSeeFace", "OpenSeeFace on this computer"),
]
# Who sends the face alone to whom has the body; read, it is VMC like any other.
_SENDABLE = [
    *_SENDABLE,
    ("vmc-presets", "VMC Presets", "VMC to a VRM avatar that has no Perfect Sync shapes"),
    ("vmc-assistant", "VMC Assistant", "VMC to a program that has the body and the head"),
]


def _show_addresses(_live: bpy.types.PropertyGroup, context: bpy.types.Context) -> None:
    """What a person has to type into the phone."""
    found = ", ".join(own_addresses()) or "no network"
    context.window_manager.facewright.live.addresses = found


def _steadiness(part: str) -> FloatProperty:
    return FloatProperty(
        name=part.capitalize(),
        description=f"How the {part} is calmed while live: 0 is responsive, every tremble shows; "
        "1 is steady and follows a little later. Blinks stay as they are",
        default=_DEFAULT_STEADINESS.get(part, 0.6),
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )


class FacewrightLive(bpy.types.PropertyGroup):
    """What Start and Record ask for."""

    source: EnumProperty(
        name="Source",
        description="Where the face comes from",
        items=[
            ("CAMERA", "Camera", "A webcam"),
            (
                "CLIP",
                "Clip",
                "A video played as if it were a camera, or a sound file as if it were spoken into "
                "a microphone, to rehearse",
            ),
            ("STREAM", "Stream", "Another program, on this computer or a phone, tracks the face"),
            ("MICROPHONE", "Microphone", "Speech moves the mouth; nobody's face is seen"),
        ],
    )
    dialect: EnumProperty(
        name="Sender",
        description="What the other program speaks",
        items=_DIALECTS,
    )
    transport: EnumProperty(
        name="Transport",
        description="How it arrives",
        items=[
            ("UDP", "UDP", "As nearly all of them send"),
            ("TCP", "TCP", "iFacialMocap and Facemotion3d can"),
        ],
    )
    port: IntProperty(
        name="Port",
        description="Port to listen on; 0 takes the sender's usual one",
        default=0,
        min=0,
        max=65535,
    )
    phone: StringProperty(
        update=_show_addresses,
        name="Phone",
        description="Address of the phone, as its app shows it. It is then the only one that is "
        "heard, and it is asked to send where its app wants to be asked",
    )
    send_dialect: EnumProperty(
        name="Receiver",
        description="What the other program understands. Changes apply at once, also to the "
        "address and the port",
        items=_SENDABLE,
    )
    send_address: StringProperty(
        name="Address",
        description="Machine to send to: its number or its name. 127.0.0.1 is this computer",
        default="127.0.0.1",
    )
    send_port: IntProperty(
        name="Port",
        description="Port to send to; 0 takes the receiver's usual one",
        default=0,
        min=0,
        max=65535,
    )
    camera: StringProperty(
        name="Camera", description="Name of the camera, or a part of it; empty takes the first"
    )
    size: EnumProperty(
        name="Resolution",
        description="The picture to ask the camera for. The face should be 150 pixels wide or "
        "more; a larger picture only costs time",
        items=[
            ("640x360", "640 x 360", "Enough for a face at arm's length"),
            ("640x480", "640 x 480", "For cameras with a picture of 4:3"),
            ("1280x720", "1280 x 720", "For a face further away"),
            ("1920x1080", "1920 x 1080", "For a face in the back of the room"),
        ],
    )
    rate: IntProperty(
        name="Frame Rate",
        description="Pictures a second to ask the camera for",
        default=30,
        min=5,
        max=120,
    )
    mirror: BoolProperty(
        name="Mirror",
        description="Let the character move like a mirror image: its right follows your left. "
        "Takes are recorded that way, too. Applies at the next Start",
    )
    preview: BoolProperty(
        name="Preview",
        description="Show the face on the character. No keyframes are set, and its values come "
        "back when the preview ends",
        default=True,
    )
    while_playing: BoolProperty(
        name="While Playing",
        description="Preview while the timeline plays as well. Without this, what was recorded "
        "can be watched; while recording the preview always shows",
    )
    show_picture: BoolProperty(
        name="Camera Picture", description="Show the camera's picture with the tracked face here"
    )
    steady_brows: _steadiness("brows")
    steady_eyelids: _steadiness("eyelids")
    steady_gaze: _steadiness("gaze")
    steady_cheeks: _steadiness("cheeks")
    steady_jaw: _steadiness("jaw")
    steady_mouth: _steadiness("mouth")
    steady_tongue: _steadiness("tongue")
    steady_head: _steadiness("head")
    keep_blinks: BoolProperty(
        name="Keep Blinks", description="Let blinks pass without any delay", default=True
    )
    gap_policy: EnumProperty(
        name="No Face",
        description="What the character does while no face is seen",
        items=[
            ("HOLD", "Hold", "Keep the last expression"),
            ("EASE", "Ease to Neutral", "Relax after half a second"),
        ],
        default="EASE",
    )
    countdown: IntProperty(
        name="Countdown",
        description="Seconds between the button and the recording or calibration",
        default=3,
        min=0,
        max=30,
        subtype="TIME",
    )
    calibrate_s: FloatProperty(
        name="Rest",
        description="Seconds for which the face is watched at rest when it is calibrated",
        default=2.0,
        min=1.0,
        max=10.0,
        subtype="TIME",
        unit="TIME_ABSOLUTE",
    )
    performer_name: StringProperty(
        name="Name",
        description="Name of the profile that a calibration writes",
        default="performer",
    )
    play: BoolProperty(
        name="Play Timeline",
        description="Play the timeline, with its sound, while recording. The take belongs to the "
        "frame on which it started",
    )
    stop_at_end: BoolProperty(
        name="Stop at End",
        description="End the recording on the last frame of the scene or of the preview range",
        default=True,
    )
    delay: FloatProperty(
        name="Delay",
        description="How late the performer is, and seen to be, when acting to the timeline's "
        "sound: loudspeakers and cameras take their time. The take is moved earlier by it",
        default=0.0,
        min=-1.0,
        max=1.0,
        precision=3,
        step=1,
        subtype="TIME",
        unit="TIME_ABSOLUTE",
    )
    use_microphone: BoolProperty(
        name="Microphone",
        description="Record sound beside the take and place it in the Sequencer. A clip gives "
        "its own sound",
    )
    microphone: StringProperty(
        name="Microphone",
        description="Name of the microphone, or a part of it; empty takes the first",
    )
    punch: BoolProperty(
        name="Punch In",
        description="Record only over the punch range of the Takes panel: the keys before and "
        "after it stay, and its edges are eased",
    )
    preroll: IntProperty(
        name="Pre-Roll",
        description="Frames that are played before the punch range and after it",
        default=24,
        min=0,
        soft_max=120,
    )


class FacewrightDevice(bpy.types.PropertyGroup):
    """A camera or microphone; ``name`` is what a person calls it."""


class FacewrightLiveRun(bpy.types.PropertyGroup):
    """What live capture is doing now. Not saved."""

    is_live: BoolProperty()
    is_recording: BoolProperty()
    is_counting: BoolProperty()
    is_finishing: BoolProperty()
    status: StringProperty()
    rate: StringProperty()
    problem: StringProperty()
    activity: StringProperty()
    picture: IntProperty()
    cameras: CollectionProperty(type=FacewrightDevice)
    microphones: CollectionProperty(type=FacewrightDevice)
    devices_status: StringProperty()
    microphones_status: StringProperty()
    # Sound moves the mouth, and no face is seen.
    speaks: BoolProperty()
    # Not with the shot: a file from somebody else shall open nothing.
    network: BoolProperty(
        update=_show_addresses,
        name="Listen on the Network",
        description="Hear other machines too, such as a phone, until Blender quits. Without it "
        "only programs on this computer are heard. Whoever is on the same network can then move "
        "the character",
    )
    addresses: StringProperty()
    is_sending: BoolProperty()
    send_status: StringProperty()
    send_problem: StringProperty()


CLASSES = (FacewrightLive, FacewrightDevice, FacewrightLiveRun)


def speaks(shot: bpy.types.PropertyGroup) -> bool:
    """Whether the chosen source is sound without pictures."""
    clip = shot.live.source == "CLIP" and is_sound_file(shot.video)
    return clip or shot.live.source == "MICROPHONE"


def steadiness(live: FacewrightLive) -> dict[str, float]:
    """Strengths by part of the face."""
    return {part: getattr(live, f"steady_{part}") for part in PARTS}
