# SPDX-License-Identifier: GPL-3.0-or-later
"""How a recording becomes speech on a character; belongs to the shot."""

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

from ..engine.core.cues import OVR, SILENCE
from ..engine.core.mouth_style import AMOUNTS, MouthStyle
from .learn_speech import FacewrightLearnSpeech
from .paths import PATH_OPTIONS

# What makes each viseme, for its tooltip.
_SOUNDS = {
    "PP": "p, b and m: closed lips",
    "FF": "f and v: the lower lip at the teeth",
    "TH": "th: the tongue between the teeth",
    "DD": "t and d",
    "kk": "k, g and ng",
    "CH": "ch, j and sh",
    "SS": "s and z",
    "nn": "n and l",
    "RR": "r",
    "aa": 'a, as in "father" and "cup"',
    "E": 'e, as in "bed"',
    "ih": 'i and close e, as in "see" and "day"',
    "oh": 'o, as in "go"',
    "ou": 'u and w, as in "too"',
}
VISEMES = tuple(name for name in OVR if name != SILENCE)
_LANGUAGES = (
    ("en", "English"),
    ("es", "Spanish"),
    ("fr", "French"),
    ("it", "Italian"),
    ("pt", "Portuguese"),
    ("de", "German"),
    ("ja", "Japanese"),
    ("zh", "Chinese"),
    ("hi", "Hindi"),
    ("nl", "Dutch"),
    ("pl", "Polish"),
    ("ru", "Russian"),
    ("sv", "Swedish"),
    ("tr", "Turkish"),
    ("uk", "Ukrainian"),
    ("ko", "Korean"),
    ("ar", "Arabic"),
)


def _amount(name: str, description: str) -> FloatProperty:
    return FloatProperty(
        name=name,
        description=f"{description}; 1 as usual, 0 not at all",
        default=1.0,
        min=0.0,
        soft_max=2.0,
        max=10.0,
        precision=2,
    )


def viseme_property(name: str) -> str:
    """The property with the strength of a viseme: capitals make no difference to it."""
    return f"viseme_{name.lower()}"


class FacewrightVisemes(bpy.types.PropertyGroup):
    """How far the mouth goes for each kind of sound."""

    __annotations__ = {
        viseme_property(name): _amount(name, f"How far the mouth goes for {sounds}")
        for name, sounds in _SOUNDS.items()
    }


def _can_speak(_speaker: bpy.types.PropertyGroup, thing: bpy.types.Object) -> bool:
    return thing.type in ("MESH", "ARMATURE", "EMPTY")


class FacewrightSpeaker(bpy.types.PropertyGroup):
    """One of several people in a recording; ``name`` is what markers call them."""

    target: PointerProperty(
        name="Character",
        description="The character that speaks where a timeline marker has this name",
        type=bpy.types.Object,
        poll=_can_speak,
    )
    take: StringProperty(
        name="Take", description="The take that was made for this speaker last", options={"HIDDEN"}
    )


class FacewrightSpeech(bpy.types.PropertyGroup):
    """Settings of Lip-Sync."""

    source: EnumProperty(
        name="Sound",
        description="Where the recording is",
        items=[
            ("FILE", "File", "A sound file, or a video with sound"),
            ("STRIP", "Sequencer Strip", "What is heard of a strip of the Sequencer"),
        ],
    )
    sound: StringProperty(
        name="File",
        description="A sound file, or a video with sound",
        subtype="FILE_PATH",
        options=PATH_OPTIONS,
    )
    strip: StringProperty(
        name="Strip", description="A strip of this scene's Sequencer; empty is the active one"
    )
    transcript: EnumProperty(
        name="Text",
        description="What is said, where it is known: it makes the mouth exact",
        items=[
            ("NONE", "None", "The sound alone, in any language"),
            ("TYPED", "Typed", "Typed here"),
            ("BLOCK", "Text", "A text data-block of this file"),
            ("FILE", "File", "A .txt, .srt or .vtt file"),
            ("STRIPS", "Text Strips", "The Sequencer's text strips over the recording"),
        ],
    )
    text: StringProperty(name="Words", description="What is said in the recording")
    text_block: PointerProperty(
        name="Text", description="What is said in the recording", type=bpy.types.Text
    )
    text_file: StringProperty(
        name="Text File",
        description="A .txt, .srt or .vtt file with what is said",
        subtype="FILE_PATH",
        options=PATH_OPTIONS,
    )
    language: EnumProperty(
        name="Language",
        description="The language of the text. The sound alone needs none",
        items=[(code, name, f"The text is {name}") for code, name in _LANGUAGES],
    )
    strength: _amount("Strength", "How far the whole mouth moves")
    jaw: _amount("Jaw", "How far the jaw opens")
    lips: _amount("Lips", "How far the lips move; closed lips stay closed")
    tongue: _amount("Tongue", "How far the tongue comes out")
    emphasis: _amount("Emphasis", "How much wider loud vowels open the mouth")
    visemes: PointerProperty(type=FacewrightVisemes)
    offset: FloatProperty(
        name="Offset",
        description="Seconds by which the mouth is later than the sound; below 0 it leads",
        default=0.0,
        soft_min=-0.2,
        soft_max=0.2,
        min=-10.0,
        max=10.0,
        precision=3,
        subtype="TIME_ABSOLUTE",
    )
    use_gestures: BoolProperty(
        name="Gestures",
        description="Let brows, blinks, gaze and head go along with the speech",
    )
    seed: IntProperty(
        name="Seed",
        description="Another number gives another performance of the same recording",
        default=1,
        min=0,
    )
    brows: _amount("Brows", "How far the brows go along with stressed words")
    blinks: _amount("Blinks", "How often the eyes blink")
    gaze: _amount("Gaze", "How far the eyes wander")
    head: _amount("Head", "How far the head nods and sways")
    profile: StringProperty(
        name="Profile",
        description="A performer's own way to speak, where it was learned; empty is the general "
        "model",
        subtype="FILE_PATH",
        options=PATH_OPTIONS,
    )
    method: EnumProperty(
        name="Method",
        description="How the profile speaks",
        items=[
            ("network", "Network", "Learned curves: always smooth"),
            ("retrieval", "Captured Motion", "Stretches of the performer's own takes, joined"),
        ],
    )
    learn: PointerProperty(type=FacewrightLearnSpeech)
    speakers: CollectionProperty(type=FacewrightSpeaker)
    speaker: IntProperty(name="Speaker", description="The chosen speaker", min=0)
    follow_cues: BoolProperty(
        name="Follow Markers",
        description="Write the keys anew a moment after a cue's marker was changed. Each time is "
        "an undo step of its own",
        default=True,
    )
    # The cues that are shown as markers; in the file, so that undo and saving keep them together.
    cues_record: StringProperty(options={"HIDDEN"})
    cues_target: PointerProperty(
        name="Character of the Cues",
        description="The character that the shown cues move",
        type=bpy.types.Object,
    )


CLASSES = (FacewrightVisemes, FacewrightSpeaker, FacewrightSpeech)


def mouth_style(speech: FacewrightSpeech) -> MouthStyle:
    """How far the mouth goes, without the visemes that are as usual.

    Blender keeps single precision; rounded, a number is the one that was typed.
    """
    visemes = {name: round(getattr(speech.visemes, viseme_property(name)), 4) for name in VISEMES}
    return MouthStyle(
        **{name: round(getattr(speech, name), 4) for name in AMOUNTS},
        viseme_strength={name: factor for name, factor in visemes.items() if factor != 1},
    )


def set_mouth_style(speech: FacewrightSpeech, style: MouthStyle) -> None:
    """Let the panel show how far the mouth goes."""
    for name in AMOUNTS:
        setattr(speech, name, getattr(style, name))
    for name in VISEMES:
        setattr(speech.visemes, viseme_property(name), style.viseme_strength.get(name, 1.0))


def named_speakers(speech: FacewrightSpeech) -> list[FacewrightSpeaker]:
    """The speakers that have a name."""
    return [speaker for speaker in speech.speakers if speaker.name.strip()]


def cues_shown(speech: FacewrightSpeech) -> bool:
    """Whether cues stand on the timeline as markers."""
    return bool(speech.cues_record)
