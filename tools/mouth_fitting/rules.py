# SPDX-License-Identifier: GPL-3.0-or-later
"""What the fit may not decide: bounds that phonetics or the shipped head give.

One speaker's read commands hold few consonants between open vowels, no vowel that is rounded at the
front and no tongue that a camera sees, and least squares gives sounds that are seldom or dimly
seen little strength.

- Jaw. Keating, Lindblom, Lubker and Kreiman (1994), "Variability in jaw height for segments in
  English and Swedish VCVs": at s and t the jaw is high whatever the vowels around, other sounds of
  the tongue's tip follow them more, k and h most of all.
- Lips. Ladefoged and Maddieson (1996), "The sounds of the world's languages": the small opening of
  w and u, with lips drawn together and forward. Ladefoged, "A course in phonetics": English r and
  sh have lips forward as well.
- Tongue. At th its tip shows between the teeth. On the shipped head tongueOut above .42 comes
  through the lower lip with a jaw that is open as far as speech opens it.

The numbers are by eye on the shipped head: teeth nearly meet at s and ch, are a tongue's width
apart at th, and between open vowels the jaw comes up to half of what it opens at t, less at k.
"""

from __future__ import annotations

import numpy as np

from engine.core.phones import INDEX

# Channel: phone and the least strength that it has there; the fit has it as a bound.
LEAST = {
    "jawOpen": "s6.5 ch7 th7 t3 n2.6 l4 r5 rr2.5 w5 j2 k2.2 f2 u2 i1.2 oe1.5",
    "tongueOut": "th6",
}
# Channel: phone and what its strength is multiplied with when all is fitted.
MORE = {
    "jawOpen": "eh1.8 ae2.2 a2 ah2.2 o2.2",
    "mouthPucker": "w1.7 u1.4 ch1.6 r1.5",
    "mouthFunnel": "w1.6 u1.6 ch2 r1.5",
}
# Channel: phone, then > and the least or < and the most that it may ask for.
TARGETS = {
    "jawOpen": (
        "s<.08 ch<.10 f<.12 j<.12 t<.11 th>.15 th<.18 r<.14 n<.12 w>.12 w<.14 u>.12 u<.14 l<.18"
        " k<.18 i<.18 rr<.18 p<.2 oe<.16 e<.26 eh<.5 o<.5 ah<.58 schwa<.3"
    ),
    "mouthPucker": "w>.95 u>.9 oe>.8 o>.4 r>.4 ch>.4",
    "mouthFunnel": "w>.6 u>.6 oe>.45 o>.5 r>.3 ch>.6",
    "mouthLowerDown": "th>.2 f<.1",
    "tongueOut": "th<.4",
}


def listed(rule: dict[str, str], channel: str) -> dict[int, float]:
    """Index in ``PHONES`` to the number that a rule has for it in a channel without its side."""
    found = {}
    for word in rule.get(channel, "").split():
        phone = word.rstrip(".0123456789")
        found[INDEX[phone]] = float(word[len(phone) :])
    return found


def bound_targets(channel: str, targets: np.ndarray) -> None:
    """Bring a channel's targets (25,) within what is asked for, in place."""
    for word in TARGETS.get(channel, "").split():
        sign = ">" if ">" in word else "<"
        phone, value = word.split(sign)
        bound = max if sign == ">" else min
        targets[INDEX[phone]] = bound(targets[INDEX[phone]], float(value))
