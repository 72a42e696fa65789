# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of real rigs' keys, family by family, typed apart from the shipped profiles.

Each table says which key stands for which channel; ``EXTRAS`` are keys that such rigs carry
besides and that stand for none. Facts from the public sources that the profiles' notes name.
"""

from __future__ import annotations

import re

from engine.core.arkit import NAMES


def pairs(text: str) -> dict[str, str]:
    """Lines "channel key", with {s} for L and R, {o} for the other, {S} and {O} in full."""
    found = {}
    for line in text.strip().splitlines():
        channel, key = line.split(maxsplit=1)
        if "{" not in key:
            found[channel] = key
            continue
        for side, other in (("Left", "Right"), ("Right", "Left")):
            found[channel + side] = key.format(s=side[0], S=side, o=other[0], O=other)
    return found


def listed(text: str) -> list[str]:
    return text.split()


def snake(name: str) -> str:
    """eyeBlinkLeft -> Eye_Blink_Left."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name[0].upper() + name[1:])


CC_STANDARD = pairs("""
browDown Brow_Drop_{s}
browOuterUp Brow_Raise_Outer_{s}
eyeLookUp Eye_{s}_Look_Up
eyeLookDown Eye_{s}_Look_Down
eyeLookIn Eye_{s}_Look_{o}
eyeLookOut Eye_{s}_Look_{s}
eyeBlink Eye_Blink_{s}
eyeSquint Eye_Squint_{s}
eyeWide Eye_Wide_{s}
cheekSquint Cheek_Raise_{s}
noseSneer Nose_Sneer_{s}
jawOpen Jaw_Open
jawForward Jaw_Forward
jawLeft Jaw_L
jawRight Jaw_R
mouthFunnel Mouth_Funnel
mouthPucker Mouth_Pucker
mouthLeft Mouth_L
mouthRight Mouth_R
mouthRollUpper Mouth_Roll_In_Upper
mouthRollLower Mouth_Roll_In_Lower
mouthShrugUpper Mouth_Shrug_Upper
mouthShrugLower Mouth_Shrug_Lower
mouthClose Mouth_Close
mouthSmile Mouth_Smile_{s}
mouthFrown Mouth_Frown_{s}
mouthDimple Mouth_Dimple_{s}
mouthUpperUp Mouth_Up_Upper_{s}
mouthLowerDown Mouth_Down_Lower_{s}
mouthPress Mouth_Press_{s}
mouthStretch Mouth_Stretch_{s}
tongueOut Tongue_Out
""")
CC_STANDARD_COMPOSITES = {
    "browInnerUp": {"Brow_Raise_Inner_L": 1, "Brow_Raise_Inner_R": 1},
    "cheekPuff": {"Cheek_Puff_L": 1, "Cheek_Puff_R": 1},
}
CC_EXTRAS = listed("""
V_Open V_Explosive V_Dental_Lip V_Tight_O V_Tight V_Wide V_Affricate V_Lip_Open
Brow_Compress_L Brow_Compress_R Eyelash_Upper_Up_L Eyelash_Upper_Down_L Eyelash_Lower_Up_R
Ear_Up_L Ear_Out_R Nose_Nostril_Raise_L Nose_Nostril_Dilate_R Nose_Crease_L Nose_Tip_L Nose_Tip_Up
Cheek_Suck_L Cheek_Suck_R Mouth_Smile_Sharp_L Mouth_Smile_Sharp_R Mouth_Tighten_L Mouth_Blow_L
Mouth_Roll_Out_Upper_L Mouth_Push_Upper_L Mouth_Pull_Lower_R Mouth_Up Mouth_Down Mouth_Upper_L
Mouth_Upper_R Mouth_Lower_L Mouth_Lower_R Mouth_Drop_Upper Mouth_Drop_Lower Mouth_Chin_Up
Mouth_Contract Tongue_Bulge_L Tongue_Bulge_R Jaw_Backward Jaw_Up Jaw_Down Neck_Swallow_Up
Neck_Tighten_L Head_Turn_L Head_Tilt_R Head_L Head_R Head_Forward Head_Backward""")
CC_TRADITIONAL_ORDER = listed("""
browInnerUp browDownLeft browDownRight browOuterUpLeft browOuterUpRight
eyeLookUpLeft eyeLookUpRight eyeLookDownLeft eyeLookDownRight eyeLookOutLeft eyeLookInLeft
eyeLookInRight eyeLookOutRight eyeBlinkLeft eyeBlinkRight eyeSquintLeft eyeSquintRight eyeWideLeft
eyeWideRight cheekPuff cheekSquintLeft cheekSquintRight noseSneerLeft noseSneerRight jawOpen
jawForward jawLeft jawRight mouthFunnel mouthPucker mouthLeft mouthRight mouthRollUpper
mouthRollLower mouthShrugUpper mouthShrugLower mouthClose mouthSmileLeft mouthSmileRight
mouthFrownLeft mouthFrownRight mouthDimpleLeft mouthDimpleRight mouthUpperUpLeft mouthUpperUpRight
mouthLowerDownLeft mouthLowerDownRight mouthPressLeft mouthPressRight mouthStretchLeft
mouthStretchRight tongueOut""")
CC_TRADITIONAL = {
    name: f"A{number:02d}_{snake(name)}" for number, name in enumerate(CC_TRADITIONAL_ORDER, 1)
}
CC_TRADITIONAL_EXTRAS = listed("""
Brow_Raise_Inner_Left Brow_Raise_Outer_Left Brow_Drop_Left Eye_Blink
Eye_Blink_L Eye_Blink_R Eye_Wide_L Eye_Squint_L Nose_Scrunch Nose_Flank_Raise_L Cheek_Raise_L
Cheeks_Suck Cheek_Blow_L Mouth_Smile Mouth_Smile_L Mouth_Smile_R Mouth_Open Mouth_Pucker
Mouth_Pucker_Open Mouth_Blow Mouth_Frown Mouth_Frown_L Mouth_Narrow Mouth_Widen Mouth_Plosive
Mouth_Lips_Tight Mouth_Lips_Tuck Mouth_Bottom_Lip_Down Mouth_Top_Lip_Up Mouth_L Mouth_R Mouth_Up
Open Explosive Dental_Lip Tight-O T01_Tongue_Up T03_Tongue_Left T10_Tongue_Bulge_Left
T11_Tongue_Bulge_Right V_Tongue_Out""")
GENESIS_8 = pairs("""
browInnerUp facs_ctrl_BrowInnerUp
browDown facs_BrowDown{S}
browOuterUp facs_BrowOuterUp{S}
eyeLookUp facs_jnt_EyeLookUp{S}
eyeLookDown facs_jnt_EyeLookDown{S}
eyeLookIn facs_bs_EyeLookIn{S}_div2
eyeLookOut facs_bs_EyeLookOut{S}_div2
eyeBlink facs_jnt_EyeBlink{S}
eyeSquint facs_bs_EyeSquint{S}_div2
eyeWide facs_jnt_EyesWide{S}
cheekPuff facs_ctrl_CheekPuff
cheekSquint facs_bs_CheekSquint{S}_div2
noseSneer facs_bs_NoseSneer{S}_div2
jawOpen facs_jnt_JawOpen
jawForward facs_jnt_JawForward
jawLeft facs_jnt_JawLeft
jawRight facs_jnt_JawRight
mouthFunnel facs_bs_MouthFunnel_div2
mouthPucker facs_bs_MouthPucker_div2
mouthLeft facs_bs_MouthLeft_div2
mouthRight facs_bs_MouthRight_div2
mouthRollUpper facs_bs_MouthRollUpper_div2
mouthRollLower facs_bs_MouthRollLower_div2
mouthShrugUpper facs_bs_MouthShrugUpper_div2
mouthShrugLower facs_bs_MouthShrugLower_div2
mouthClose facs_bs_MouthClose_div2
mouthSmile facs_bs_MouthSmile{S}_div2
mouthFrown facs_bs_MouthFrown{S}_div2
mouthDimple facs_bs_MouthDimple{S}_div2
mouthUpperUp facs_bs_MouthUpperUp{S}_div2
mouthLowerDown facs_bs_MouthLowerDown{S}_div2
mouthPress facs_bs_MouthPress{S}_div2
mouthStretch facs_bs_MouthStretch{S}_div2
tongueOut facs_bs_TongueOut
""")
GENESIS_8_EXTRAS = listed("""
facs_ctrl_BrowUp facs_ctrl_BrowDown facs_ctrl_EyesBlink facs_ctrl_EyeWide
facs_ctrl_EyesSquint facs_ctrl_SmileFullFace facs_bs_JawClench facs_bs_JawRecess eCTRLMouthSmileOpen
eJCMJawOpen pJCMHeadUp_27 PHMEyesSize""")
GENESIS_9 = pairs("""
browDown facs_BrowDown{S}
browOuterUp facs_bs_BrowOuterUp{S}
eyeLookUp facs_bs_EyeLookUp{S}
eyeLookDown facs_bs_EyeLookDown{S}
eyeLookIn facs_bs_EyeLookIn{S}
eyeLookOut facs_bs_EyeLookOut{S}
eyeBlink facs_bs_EyeBlink{S}
eyeSquint facs_bs_EyeSquint{S}
cheekSquint facs_bs_CheekSquint{S}
noseSneer facs_bs_NoseSneer{S}
jawOpen facs_bs_JawOpen
jawForward facs_bs_JawForward
jawLeft facs_bs_JawLeft
jawRight facs_bs_JawRight
mouthLeft facs_bs_MouthLeft
mouthRight facs_bs_MouthRight
mouthSmile facs_bs_MouthSmile{S}
mouthFrown facs_bs_MouthFrown{S}
mouthDimple facs_bs_MouthDimple{S}
mouthUpperUp facs_bs_MouthUpperUp{S}
mouthLowerDown facs_bs_MouthLowerDown{S}
mouthStretch facs_bs_MouthStretch{S}
tongueOut facs_bs_TongueOut
""")
_SIDES = ("Left", "Right")
_QUARTERS = [v + s for v in ("Upper", "Lower") for s in _SIDES]
GENESIS_9_COMPOSITES = {
    "browInnerUp": {f"facs_bs_BrowInnerUp{s}": 1 for s in _SIDES},
    "cheekPuff": {f"facs_bs_CheekPuff{s}": 1 for s in _SIDES},
    **{
        f"eyeWide{s}": {f"facs_bs_Eyelid{k}{s}": 1 for k in ("OpenUpper", "OpenLower")}
        for s in _SIDES
    },
    **{
        f"mouthPress{s}": {f"facs_bs_MouthPress{k}{s}": 1 for k in ("Upper", "Lower")}
        for s in _SIDES
    },
    "mouthClose": {f"facs_bs_MouthClose{q}": 1 for q in _QUARTERS},
    "mouthFunnel": {f"facs_bs_MouthFunnel{q}": 1 for q in _QUARTERS},
    "mouthPucker": {f"facs_bs_MouthPurse{q}": 1 for q in _QUARTERS},
    **{
        f"mouth{a}{v}": {f"facs_bs_Mouth{a}{v}{s}": 1 for s in _SIDES}
        for a in ("Roll", "Shrug")
        for v in ("Upper", "Lower")
    },
}
GENESIS_9_EXTRAS = listed("""
facs_bs_BrowSqueezeLeft facs_bs_BrowSqueezeRight facs_bs_JawRecess
facs_bs_MouthCornerMoveSide-SideLeft facs_bs_EyelidCloseUpperRight facs_bs_EyelidCloseLowerLeft
facs_bs_NoseSneerUpperLeft facs_bs_JawChinCompression body_bs_ProportionLarger""")
_C = "CTRL_expressions_"
METAHUMAN = {
    channel: _C + key
    for channel, key in pairs("""
browDown browDown{s}
eyeBlink eyeBlink{s}
eyeLookUp eyeLookUp{s}
eyeLookDown eyeLookDown{s}
eyeLookIn eyeLook{O}{s}
eyeLookOut eyeLook{S}{s}
eyeSquint eyeSquintInner{s}
eyeWide eyeWiden{s}
cheekSquint eyeCheekRaise{s}
noseSneer noseWrinkle{s}
jawOpen jawOpen
jawForward jawFwd
jawLeft jawLeft
jawRight jawRight
mouthLeft mouthLeft
mouthRight mouthRight
mouthSmile mouthCornerPull{s}
mouthFrown mouthCornerDepress{s}
mouthDimple mouthDimple{s}
mouthStretch mouthStretch{s}
mouthUpperUp mouthUpperLipRaise{s}
mouthLowerDown mouthLowerLipDepress{s}
""").items()
}
_Q = ("UL", "UR", "DL", "DR")
METAHUMAN_COMPOSITES = {
    name: {_C + key: weight for key, weight in keys.items()}
    for name, keys in {
        "browInnerUp": dict.fromkeys(
            ("browRaiseInL", "browRaiseInR", "browLateralL", "browLateralR"), 1
        ),
        "browOuterUpLeft": {"browRaiseOuterL": 1, "browRaiseInL": 1},
        "browOuterUpRight": {"browRaiseOuterR": 1, "browRaiseInR": 1},
        "cheekPuff": {f"mouth{k}Blow{s}": 1 for k in ("Cheek", "Lips") for s in "LR"},
        "mouthFunnel": {f"mouthFunnel{q}": 1 for q in _Q},
        "mouthPucker": {
            f"mouth{k}{q}": w
            for k, w in (("LipsPurse", 1), ("Funnel", 0.75), ("LipsTowards", 0.41))
            for q in _Q
        },
        "mouthRollUpper": {f"mouthUpperLipRollIn{s}": 1 for s in "LR"},
        "mouthRollLower": {
            f"mouth{k}LipRollIn{s}": w for k, w in (("Lower", 1), ("Upper", 0.5)) for s in "LR"
        },
        "mouthShrugUpper": {f"jawChinRaiseU{s}": 1 for s in "LR"},
        "mouthShrugLower": {f"jawChinRaiseD{s}": 1 for s in "LR"},
        "mouthPressLeft": {"mouthPressUL": 1, "mouthPressDL": 1},
        "mouthPressRight": {"mouthPressUR": 1, "mouthPressDR": 1},
        "mouthClose": {f"mouthLipsTogether{q}": 1 for q in _Q},
        "tongueOut": {
            "tongueOut": 0.77,
            "tongueDown": 0.83,
            "tongueWide": 0.63,
            "tongueRollDown": 0.25,
            "tongueRight": 0.07,
        },
    }.items()
}
METAHUMAN_EXTRAS = [
    _C + key
    for key in listed("""
eyeFaceScrunchL noseNostrilDepressL noseNostrilDilateR noseNasolabialDeepenL
mouthCheekSuckL mouthUpperLipBiteL mouthLowerLipBiteR mouthLipsTightenUL mouthLipsPressL
mouthLipsPressR mouthSharpCornerPullL mouthStickyUC mouthLipsPushUL mouthLipsPullDR mouthLipsThinUL
mouthLipsThickDR mouthCornerSharpenUL mouthUpperLipShiftLeft mouthUpperLipRollOutL mouthCornerUpL
mouthCornerDownR mouthUp mouthDown jawBack jawOpenExtreme tongueUp tongueLeft tongueIn
tongueBendUp teethUpU teethLeftD neckStretchL eyeLidPressL eyeUpperLidUpL eyeRelaxR
eyePupilWideL""")
]
SRANIPAL = pairs("""
eyeBlink Eye_{S}_Blink
eyeWide Eye_{S}_Wide
eyeSquint Eye_{S}_squeeze
eyeLookUp Eye_{S}_Up
eyeLookDown Eye_{S}_Down
eyeLookIn Eye_{S}_{O}
eyeLookOut Eye_{S}_{S}
jawOpen Jaw_Open
jawForward Jaw_Forward
jawLeft Jaw_Left
jawRight Jaw_Right
mouthClose Mouth_Ape_Shape
mouthPucker Mouth_Pout
mouthRollUpper Mouth_Upper_Inside
mouthRollLower Mouth_Lower_Inside
mouthShrugLower Mouth_Lower_Overlay
mouthSmile Mouth_Smile_{S}
mouthFrown Mouth_Sad_{S}
mouthUpperUp Mouth_Upper_Up{S}
mouthLowerDown Mouth_Lower_Down{S}
""")
SRANIPAL_COMPOSITES = {
    "mouthFunnel": {"Mouth_Upper_Overturn": 1, "Mouth_Lower_Overturn": 1},
    "mouthLeft": {"Mouth_Upper_Left": 1, "Mouth_Lower_Left": 1},
    "mouthRight": {"Mouth_Upper_Right": 1, "Mouth_Lower_Right": 1},
    "cheekPuff": {"Cheek_Puff_Left": 1, "Cheek_Puff_Right": 1},
    "tongueOut": {"Tongue_LongStep1": 1, "Tongue_LongStep2": 1},
    "browDownLeft": {"Eye_Frown": 1},
    "browDownRight": {"Eye_Frown": 1},
}
SRANIPAL_EXTRAS = listed("""
Cheek_Suck Tongue_Down Tongue_Up Tongue_Right Tongue_Left Tongue_Roll
Tongue_UpLeft_Morph Tongue_UpRight_Morph Tongue_DownLeft_Morph Tongue_DownRight_Morph""")
UNIFIED = pairs("""
eyeBlink EyeClosed{S}
eyeSquint EyeSquint{S}
eyeWide EyeWide{S}
eyeLookUp EyeLookUp{S}
eyeLookDown EyeLookDown{S}
eyeLookIn EyeLookIn{S}
eyeLookOut EyeLookOut{S}
browOuterUp BrowOuterUp{S}
cheekSquint CheekSquint{S}
noseSneer NoseSneer{S}
jawOpen JawOpen
jawForward JawForward
jawLeft JawLeft
jawRight JawRight
mouthClose MouthClosed
mouthShrugUpper MouthRaiserUpper
mouthShrugLower MouthRaiserLower
mouthFrown MouthFrown{S}
mouthDimple MouthDimple{S}
mouthUpperUp MouthUpperUp{S}
mouthLowerDown MouthLowerDown{S}
mouthPress MouthPress{S}
mouthStretch MouthStretch{S}
tongueOut TongueOut
""")
UNIFIED_COMPOSITES = {
    "browInnerUp": {"BrowInnerUpLeft": 1, "BrowInnerUpRight": 1},
    "cheekPuff": {"CheekPuffLeft": 1, "CheekPuffRight": 1},
    "mouthFunnel": {f"LipFunnel{q}": 1 for q in _QUARTERS},
    "mouthPucker": {f"LipPucker{q}": 1 for q in _QUARTERS},
    **{f"mouthRoll{v}": {f"LipSuck{v}{s}": 1 for s in _SIDES} for v in ("Upper", "Lower")},
    **{f"mouth{s}": {f"MouthUpper{s}": 1, f"MouthLower{s}": 1} for s in _SIDES},
    **{f"mouthSmile{s}": {f"MouthCornerPull{s}": 0.8, f"MouthCornerSlant{s}": 0.2} for s in _SIDES},
    **{f"browDown{s}": {f"BrowLowerer{s}": 0.75, f"BrowPinch{s}": 0.25} for s in _SIDES},
}
UNIFIED_EXTRAS = listed("""
EyeDilationRight EyeConstrictLeft NasalDilationRight NasalConstrictLeft
CheekSuckRight CheekSuckLeft JawBackward JawClench JawMandibleRaise LipSuckCornerRight
MouthUpperDeepenRight MouthTightenerRight MouthTightenerLeft TongueUp TongueLeft TongueRoll
TongueTwistRight SoftPalateClose ThroatSwallow NeckFlexLeft vrc.v_aa vrc.v_oh vrc.v_sil""")
META = pairs("""
browDown BROW_LOWERER_{s}
browOuterUp OUTER_BROW_RAISER_{s}
eyeBlink EYES_CLOSED_{s}
eyeSquint LID_TIGHTENER_{s}
eyeWide UPPER_LID_RAISER_{s}
eyeLookUp EYES_LOOK_UP_{s}
eyeLookDown EYES_LOOK_DOWN_{s}
cheekSquint CHEEK_RAISER_{s}
noseSneer NOSE_WRINKLER_{s}
jawOpen JAW_DROP
jawForward JAW_THRUST
jawLeft JAW_SIDEWAYS_LEFT
jawRight JAW_SIDEWAYS_RIGHT
mouthClose LIPS_TOWARD
mouthShrugUpper CHIN_RAISER_T
mouthShrugLower CHIN_RAISER_B
mouthLeft MOUTH_LEFT
mouthRight MOUTH_RIGHT
mouthSmile LIP_CORNER_PULLER_{s}
mouthFrown LIP_CORNER_DEPRESSOR_{s}
mouthDimple DIMPLER_{s}
mouthUpperUp UPPER_LIP_RAISER_{s}
mouthLowerDown LOWER_LIP_DEPRESSOR_{s}
mouthPress LIP_PRESSOR_{s}
mouthStretch LIP_STRETCHER_{s}
tongueOut TONGUE_OUT
eyeLookOutLeft EYES_LOOK_LEFT_L
eyeLookInLeft EYES_LOOK_RIGHT_L
eyeLookOutRight EYES_LOOK_RIGHT_R
eyeLookInRight EYES_LOOK_LEFT_R
""")
META_COMPOSITES = {
    "browInnerUp": {"INNER_BROW_RAISER_L": 1, "INNER_BROW_RAISER_R": 1},
    "cheekPuff": {"CHEEK_PUFF_L": 1, "CHEEK_PUFF_R": 1},
    "mouthFunnel": {f"LIP_FUNNELER_{q}": 1 for q in ("LT", "RT", "LB", "RB")},
    "mouthPucker": {"LIP_PUCKER_L": 1, "LIP_PUCKER_R": 1},
    "mouthRollUpper": {"LIP_SUCK_LT": 1, "LIP_SUCK_RT": 1},
    "mouthRollLower": {"LIP_SUCK_LB": 1, "LIP_SUCK_RB": 1},
}
META_EXTRAS = listed("""
CHEEK_SUCK_L CHEEK_SUCK_R LIP_TIGHTENER_L LIP_TIGHTENER_R TONGUE_TIP_INTERDENTAL
TONGUE_TIP_ALVEOLAR TONGUE_FRONT_DORSAL_PALATE TONGUE_BACK_DORSAL_VELAR TONGUE_RETREAT""")
CC_HD = pairs("""
browDown Brow_Down_{s}
browOuterUp Brow_Raise_Outer_{s}
eyeLookUp Eye_Look_Up_{s}
eyeLookDown Eye_Look_Down_{s}
eyeLookIn Eye_Look_{O}_{s}
eyeLookOut Eye_Look_{S}_{s}
eyeBlink Eye_Blink_{s}
eyeSquint Eye_Squint_Inner_{s}
eyeWide Eye_Widen_{s}
cheekSquint Eye_Cheek_Raise_{s}
noseSneer Nose_Wrinkle_Upper_{s}
jawOpen Jaw_Open
jawForward Jaw_Fwd
jawLeft Jaw_Left
jawRight Jaw_Right
mouthLeft Mouth_Left
mouthRight Mouth_Right
mouthSmile Mouth_Corner_Pull_{s}
mouthFrown Mouth_Corner_Depress_{s}
mouthDimple Mouth_Dimple_{s}
mouthUpperUp Mouth_UpperLip_Raise_{s}
mouthLowerDown Mouth_LowerLip_Depress_{s}
mouthPress Mouth_Lips_Press_{s}
mouthStretch Mouth_Stretch_{s}
tongueOut Tongue_Out
""")
CC_HD_COMPOSITES = {
    "browInnerUp": {"Brow_Raise_In_L": 1, "Brow_Raise_In_R": 1},
    "cheekPuff": {f"Mouth_{k}_Blow_{s}": 1 for k in ("Cheek", "Lips") for s in "LR"},
    "mouthFunnel": {f"Mouth_Funnel_{q}": 1 for q in _Q},
    "mouthPucker": {f"Mouth_Lips_Purse_{q}": 1 for q in _Q},
    "mouthClose": {f"Mouth_Lips_Together_{q}": 1 for q in _Q},
    "mouthRollUpper": {f"Mouth_UpperLip_Bite_{s}": 1 for s in "LR"},
    "mouthRollLower": {f"Mouth_LowerLip_Bite_{s}": 1 for s in "LR"},
    "mouthShrugUpper": {f"Mouth_Mouth_Press_U{s}": 1 for s in "LR"},
    "mouthShrugLower": {f"Mouth_Mouth_Press_D{s}": 1 for s in "LR"},
}
CC_HD_EXTRAS = listed("""
V_Open V_Tight_O Jaw_Open_Extreme Jaw_Chin_Raise_DL Jaw_Clench_L
Mouth_Cheek_Suck_L Mouth_Lips_Towards_UL Mouth_Lips_Tighten_UL Mouth_Lips_Thin_DR
Mouth_LowerLip_RollIn_L Mouth_LowerLip_Towards_Teeth_L Mouth_UpperLip_Shift_Left
Mouth_LowerLip_Shift_Right Mouth_SharpCorner_Pull_L Nose_Wrinkle_L Nose_Nasolabial_Deepen_L
Nose_Nostril_Dilate_R Tongue_Up Tongue_Left Tongue_Narrow Eyelashes_Up_IN_L""")

# Family -> (one key a channel, composites with weights, keys that stand for nothing).
FAMILIES: dict[str, tuple[dict[str, str], dict[str, dict[str, float]], list[str]]] = {
    "arkit": ({name: name for name in NAMES}, {}, ["viseme_aa", "viseme_PP", "mouthOpen"]),
    "reallusion_standard": (CC_STANDARD, CC_STANDARD_COMPOSITES, CC_EXTRAS),
    "reallusion_extended": (
        {n: k for n, k in CC_STANDARD.items() if not n.startswith(("mouthF", "mouthR", "mouthPu"))}
        | pairs("mouthFrown Mouth_Frown_{s}\nmouthRight Mouth_R"),
        CC_STANDARD_COMPOSITES
        | {
            f"mouth{a}": {f"Mouth_{a}_{v}_{s}": 1 for v in ("Up", "Down") for s in "LR"}
            for a in ("Funnel", "Pucker")
        }
        | {
            f"mouthRoll{v}": {f"Mouth_Roll_In_{v}_{s}": 1 for s in "LR"} for v in ("Upper", "Lower")
        },
        CC_EXTRAS,
    ),
    "reallusion_traditional": (CC_TRADITIONAL, {}, CC_TRADITIONAL_EXTRAS),
    "reallusion_metahuman": (CC_HD, CC_HD_COMPOSITES, CC_HD_EXTRAS),
    "daz_genesis8": (GENESIS_8, {}, GENESIS_8_EXTRAS),
    "daz_genesis9": (GENESIS_9, GENESIS_9_COMPOSITES, GENESIS_9_EXTRAS),
    "metahuman": (METAHUMAN, METAHUMAN_COMPOSITES, METAHUMAN_EXTRAS),
    "mpfb": ({name: f"!ex-{name}" for name in NAMES}, {}, ["!ex-blink2", "$md-head-round"]),
    "sranipal": (SRANIPAL, SRANIPAL_COMPOSITES, SRANIPAL_EXTRAS),
    "unified_expressions": (UNIFIED, UNIFIED_COMPOSITES, UNIFIED_EXTRAS),
    "meta_movement": (META, META_COMPOSITES, META_EXTRAS),
}
# Keys that any character may have and that are no movement of ARKit's.
UNRELATED = """jaw_width Eye size L Eye_Size_R|mouthLeftCornerSculpt|Nose Bridge Height|muscular
Breathe In|fat|Chin_Width|ear_size_L|jawOpen_eyeBlinkLeft_combo|fix_mouthClose|jawOpen_corrective
mouthSmileLeft_50|Lip Thickness|cheek bones|TeethLowerForward|Key 1|Neck_Length|brow_thickness
smile_left_right|hair_grow|pupilDilate""".replace("\n", "|").split("|")
