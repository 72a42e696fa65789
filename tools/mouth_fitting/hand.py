# SPDX-License-Identifier: GPL-3.0-or-later
"""The table by hand: what phonetics says of each sound, before anything is fitted.

Openness follows the rows of the International Phonetic Association's vowel chart, rounding and
spreading its pairs and columns; which articulator a consonant claims follows its place. A
consonant of the tongue leaves the lips to its neighbours, s and ch bring the teeth together
(Keating, Lindblom, Lubker and Kreiman 1994, "Variability in jaw height for segments in English
and Swedish VCVs"). Sizes follow captured speech, where an open vowel has a jawOpen of .3 to .5.
"""

from __future__ import annotations

import numpy as np

from engine.core.phones import PHONES
from engine.speech.mouth_table import MouthTable

# Channel: seconds before and after, and its letter below. Rounding begins early: 80 to 100 ms in
# captured speech (Lubker and Gay 1982 saw up to 600 ms in Swedish).
CHANNELS = {
    "jawOpen": (0.070, 0.060, "J"),
    "jawForward": (0.060, 0.050, "W"),
    "mouthClose": (0.060, 0.050, "C"),
    "mouthFunnel": (0.090, 0.055, "F"),
    "mouthPucker": (0.100, 0.060, "P"),
    "mouthSmile": (0.070, 0.060, "S"),
    "mouthStretch": (0.070, 0.060, "T"),
    "mouthDimple": (0.060, 0.050, "D"),
    "mouthLowerDown": (0.045, 0.045, "L"),
    "mouthUpperUp": (0.045, 0.045, "U"),
    "tongueOut": (0.030, 0.030, "O"),
}
# Targets that are not 0.
TARGETS = """
sil
p     J.10 C.08
f     J.08 C.03 U.15
th    J.13 L.14 U.08 O.45
t     J.08 L.14 U.08
n     J.09 L.14 U.06
l     J.13 L.14 U.06 O.03
s     J.05 L.20 U.12 T.10 S.05
ch    J.06 F.40 P.30 L.10 U.12 W.15
k     J.12 L.10 U.05
h     J.16
r     J.09 C.03 F.25 P.30 L.05
rr    J.11 L.12 U.05
w     J.10 C.06 F.25 P.65
j     J.08 T.12 S.12 L.12 U.06
i     J.10 T.16 S.16 L.18 U.10 D.05
e     J.16 T.14 S.14 L.18 U.10 D.05
eh    J.24 T.10 S.08 L.20 U.10
ae    J.34 T.12 S.08 L.24 U.12
a     J.42 L.20 U.10
ah    J.29 L.17 U.09
o     J.27 C.04 F.40 P.25 L.05
u     J.12 C.05 F.30 P.60
oe    J.14 C.05 F.38 P.50
schwa J.14 L.10 U.05
"""
# How much a sound cares, 1 where nothing is said: for the jaw, for the place of the lips' corners
# (rounding, spreading), for what shows of the teeth.
JAW = "sil.5 f1.2 t.9 n.7 l.6 s1.8 ch1.5 k.35 h.1 r.6 rr.6 w.9 j.7 schwa.5"
CORNERS = (
    "sil.5 p.3 f.7 th.2 t.12 n.12 l.15 s.3 ch1.2 k.1 h.05 r.7 rr.15 w1.6 j.5 schwa.35"
    " u1.2 oe1.2 o1.1"
)
TEETH = "sil.5 p.5 th.8 t.7 n.6 l.6 s1.2 k.5 h.1 r.6 rr.5 w1.2 j.6 schwa.5"
TONGUE = "th2"


def hand_table() -> MouthTable:
    """The table before the fit."""
    names = tuple(CHANNELS)
    letters = {letter: i for i, (_, _, letter) in enumerate(CHANNELS.values())}
    targets = np.zeros((len(PHONES), len(names)))
    for line in TARGETS.split("\n"):
        phone, *values = line.split() or [""]
        for value in values:
            targets[PHONES.index(phone), letters[value[0]]] = float(value[1:])
    strengths = np.ones_like(targets)
    for i, name in enumerate(names):
        strengths[:, i] = _row(
            JAW
            if name == "jawOpen"
            else TONGUE
            if name == "tongueOut"
            else TEETH
            if name in ("mouthLowerDown", "mouthUpperUp", "mouthClose")
            else CORNERS
        )
    times = np.array([values[:2] for values in CHANNELS.values()])
    return MouthTable(names, times[:, 0], times[:, 1], targets, strengths)


def _row(text: str) -> np.ndarray:
    row = np.ones(len(PHONES))
    for word in text.split():
        phone = word.rstrip(".0123456789")
        row[PHONES.index(phone)] = float(word[len(phone) :])
    return row
