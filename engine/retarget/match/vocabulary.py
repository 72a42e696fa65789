# SPDX-License-Identifier: GPL-3.0-or-later
"""English words for facial movements, and which of them together are an ARKit channel.

Anatomical terms follow the Facial Action Coding System (Ekman and Friesen 1978), numbers of action
units as well: AU 12 is the lip corner puller.
"""

from __future__ import annotations

from dataclasses import dataclass

# Word -> the word it counts as. A word that stands nowhere here counts as itself.
SAME: dict[str, str] = {
    word: meaning
    for meaning, group in {
        "eye": "eye eyes",
        "lid": "lid lids eyelid eyelids",
        "brow": "brow brows eyebrow eyebrows",
        "lip": "lip lips",
        "corner": "corner corners",
        "cheek": "cheek cheeks",
        "jaw": "jaw mandible",
        "blink": "blink blinks blinking",
        "close": "close closed closes closing shut",
        "open": "open opens opened opening",
        "up": "up upward upwards raise raised raises raiser raising lift lifted lifter",
        "down": "down downward downwards drop dropped drops lowered lowerer depress depressed "
        "depresses depressor depresser",
        "upper": "upper top",
        "lower": "lower bottom",
        "inner": "inner inside",
        "outer": "outer outside",
        "in": "in inward inwards",
        "out": "out outward outwards",
        "look": "look looks looking gaze",
        "puff": "puff puffs puffed puffer inflate inflated",
        "pucker": "pucker puckers puckered puckerer purse pursed",
        "kiss": "kiss pout",
        "funnel": "funnel funnels funneled funneler funneller",
        "smile": "smile smiles smiling",
        "frown": "frown frowns frowning",
        "pull": "pull pulled puller",
        "dimple": "dimple dimples dimpled dimpler",
        "stretch": "stretch stretched stretcher",
        "roll": "roll rolled suck sucked tuck tucked",
        "shrug": "shrug shrugged",
        "press": "press pressed presser pressor",
        "sneer": "sneer sneers sneering wrinkle wrinkles wrinkler wrinkled scrunch",
        "squint": "squint squints squinting squinted",
        "tighten": "tighten tightens tightened tightener",
        "wide": "wide widen widened widener",
        "forward": "forward forwards fwd thrust",
        "slide": "slide slides sideways shift shifted shifts move moved",
        "left": "left",
        "right": "right",
    }.items()
    for word in group.split()
}
# Words that add nothing.
EMPTY = frozenset({"the", "a", "of", "both", "and"})
# Words of a movement that one eye makes: without a side nobody knows which.
ONE_SIDED = frozenset({"wink"})


@dataclass(frozen=True)
class Phrase:
    """Words that mean a channel when a key has exactly these, in any order.

    Attributes:
        channel: An ARKit name, or the stem of a pair.
        words: The words, each as ``SAME`` has it.
        score: 1 says it plainly, less leaves a doubt.
        approximate: A likeness.
    """

    channel: str
    words: frozenset[str]
    score: float
    approximate: bool = False


def _phrases(text: str, approximate: bool = False) -> tuple[Phrase, ...]:
    found = []
    for line in text.replace("\n ", " ").strip().splitlines():
        channel, phrases = line.split(":")
        for phrase in phrases.split(","):
            *spoken, score = phrase.split()
            found.append(Phrase(channel.strip(), frozenset(spoken), float(score), approximate))
    return tuple(found)


# Channel or stem: words score, words score ... Below tokens.THRESHOLD words only give a reason.
PHRASES: tuple[Phrase, ...] = (
    *_phrases("""
eyeBlink: eye blink 1, lid blink .95, blink .9, eye close .95, lid close .9, eye lid close .95,
  wink .8, eye wink .85, au 45 .9, au 43 .8
eyeSquint: eye squint 1, squint .85, lower lid up .8, eye lower lid up .8, lid squint .9,
  lid tighten .9, eye tighten .8, eye lid
  tighten .9, au 7 .85
eyeWide: eye wide 1, lid wide .9, eye lid wide .9, upper lid up .9, eye upper lid up .9, au 5
  .85, eye open .5, eye up .4
eyeLookUp: eye look up 1, look up .85
eyeLookDown: eye look down 1, look down .85, eye down .4
eyeLookIn: eye look in 1, look in .8
eyeLookOut: eye look out 1, look out .8
jawForward: jaw forward 1, au 29 .85
jawOpen: jaw open 1, jaw down .9, au 26 .85
mouthClose: mouth close 1, lip close .6
mouthFunnel: mouth funnel 1, lip funnel .95, funnel .85, au 22 .85
mouthPucker: mouth pucker 1, lip pucker .95, pucker .85, au 18 .85
mouthSmile: mouth smile 1, lip smile .9, smile .85, lip corner pull 1, mouth corner pull 1,
  corner pull .85, lip corner up .85, mouth corner up .85, au 12 .9
mouthFrown: mouth frown 1, lip frown .9, lip corner down .95, mouth corner down .95, au 15 .9,
  frown .5
mouthDimple: mouth dimple 1, lip dimple .9, dimple .85, cheek dimple .8, au 14 .85
mouthStretch: mouth stretch 1, lip stretch .95, au 20 .85, stretch .5, mouth wide .5, lip wide
  .5
mouthRollLower: mouth roll lower 1, lip roll lower .95, mouth lip roll lower .95, lip roll in
  lower .95, mouth roll in lower .95, mouth lip roll in lower .95, lip lower in .6, mouth lower
  in .6
mouthRollUpper: mouth roll upper 1, lip roll upper .95, mouth lip roll upper .95, lip roll in
  upper .95, mouth roll in upper .95, mouth lip roll in upper .95, lip upper in .6, mouth upper
  in .6
mouthShrugLower: mouth shrug lower 1, lip shrug lower .95, chin up .85, au 17 .85
mouthShrugUpper: mouth shrug upper 1, lip shrug upper .95
mouthPress: mouth press 1, lip press .95, mouth lip press .95, au 24 .8
mouthLowerDown: mouth lower down 1, lip lower down 1, mouth lip lower down 1, au 16 .85
mouthUpperUp: mouth upper up 1, lip upper up 1, mouth lip upper up 1, au 10 .85
browDown: brow down 1, brow lower .9, au 4 .9
browInnerUp: brow inner up 1, au 1 .9, inner up .4
browOuterUp: brow outer up 1, au 2 .9, outer up .4
cheekPuff: cheek puff 1, puff .7, au 34 .85
cheekSquint: cheek squint 1, cheek up .9, au 6 .85
noseSneer: nose sneer 1, sneer .85, au 9 .85, nose up .5
tongueOut: tongue out 1
"""),
    *_phrases(
        """
jawOpen: mouth open .8
mouthPucker: mouth kiss .75, lip kiss .75, kiss .7
browOuterUp: brow up .7
""",
        approximate=True,
    ),
)
BY_WORDS: dict[frozenset[str], Phrase] = {phrase.words: phrase for phrase in PHRASES}
if len(BY_WORDS) != len(PHRASES):
    raise AssertionError("the same words stand for two channels")
