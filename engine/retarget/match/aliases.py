# SPDX-License-Identifier: GPL-3.0-or-later
"""Other names for the keys of a shipped profile, where a family has no one spelling.

A mapping file holds one key a target; what else the same key is called stands here, by profile.
Full and half width, case and separators need no alias. The Japanese names are those that public
tables for MikuMikuDance and VRChat avatars have in common.
"""

from __future__ import annotations

ALIASES: dict[str, dict[str, tuple[str, ...]]] = {
    "daz_genesis8": {
        # Keys of Genesis 3 and 8 before the FACS set.
        "facs_jnt_EyeBlinkLeft": ("eCTRLEyesClosedL",),
        "facs_jnt_EyeBlinkRight": ("eCTRLEyesClosedR",),
        "facs_jnt_JawOpen": ("eCTRLJawOpen",),
        "facs_jnt_JawForward": ("eCTRLJawOut",),
    },
    "mmd": {
        # Wink 2 closes the lid as a blink does; plain wink is a smiling eye.
        "ウィンク２": (
            "ウィンク２左",
            "ウインク２",
            "ウインク２左",
            "まばたき左",
            "左まばたき",
            "まばたきL",
            "ウィンク",
            "ウィンク左",
            "左ウィンク",
            "ウインク",
            "ウインク左",
            "左ウインク",
        ),
        "ウィンク２右": (
            "ウィンク右２",
            "ウインク２右",
            "ウインク右２",
            "まばたき右",
            "右まばたき",
            "まばたきR",
            "ウィンク右",
            "右ウィンク",
            "ウインク右",
            "右ウインク",
        ),
        "びっくり": ("見開き", "驚き"),
        "じと目": ("ジト目", "目細め"),
        "目上": ("瞳上", "目線上"),
        "目下": ("瞳下", "目線下"),
        "目左": ("瞳左", "目線左"),
        "目右": ("瞳右", "目線右"),
        "怒り": ("真面目",),
        "困る": ("悲しい", "悲しむ"),
        "上": ("眉上", "眉上げ"),
        "ぷくー": ("ぷく", "ぷくっ", "ほっぺ膨らみ", "頬膨らみ", "膨らみ"),
        "あ": ("ああ", "口_あ"),
        "い": ("いい", "口_い"),
        "う": ("うう", "口_う"),
        "え": ("ええ", "口_え"),
        "お": ("おお", "口_お"),
        "口角上げ": ("にっこり", "にやり", "口角上"),
        "口角下げ": ("への字", "口角下"),
        "べー": ("べー２", "ぺろっ", "ベロ出し", "舌出し", "舌"),
    },
}

# Keys that close both eyes, for a character that has none for one eye: by profile.
BOTH_SIDED: dict[str, dict[str, str]] = {
    "mmd": {"まばたき": "eyeBlink"},
    "vrchat_visemes": {"vrc.blink": "eyeBlink"},
    "vrm0": {"Blink": "eyeBlink"},
    "vrm1": {"blink": "eyeBlink"},
    "vroid": {"Fcl_EYE_Close": "eyeBlink"},
}
