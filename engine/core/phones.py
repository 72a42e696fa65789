# SPDX-License-Identifier: GPL-3.0-or-later
"""The phones that the network hears: sounds grouped by what the lips, jaw and tongue do for them.

Languages share these groups, so one network and one model of the mouth serve all of them. Sounds
that differ only in the throat (p and b, s and z) are one phone, because nobody sees the difference.
"""

from __future__ import annotations

import unicodedata

# The order is the network's output order: append, never insert.
PHONES = (
    "sil",  # no speech: silence, breath, noise, music
    "p",  # lips closed: p b m
    "f",  # lower lip at the upper teeth: f v
    "th",  # tongue between the teeth
    "t",  # tongue tip: t d and taps
    "n",
    "l",
    "s",  # teeth together: s z ts
    "ch",  # teeth together, lips forward: sh zh ch j
    "k",  # back of the tongue: k g ng, and the throat's r and ch
    "h",
    "r",  # English r and the vowel of "bird"
    "rr",  # rolled r
    "w",  # rounded glides
    "j",
    "i",
    "e",  # close e, as in Spanish "mesa" or the start of "day"
    "eh",  # open e, as in "bed"
    "ae",
    "a",
    "ah",  # the vowel of "cup"
    "o",
    "u",
    "oe",  # rounded at the front: French "peu" and "tu"
    "schwa",
)
INDEX = {phone: index for index, phone in enumerate(PHONES)}
VOWELS = frozenset(PHONES[INDEX["i"] :])

# International Phonetic Alphabet to phone, by manner and place of articulation as the
# alphabet's own chart gives them (International Phonetic Association, revised 2020).
_GROUPS = {
    "p": "p b m ɓ β ʙ",
    "f": "f v ɱ ʋ ⱱ ɸ",
    "th": "θ ð",
    "t": "t d ʈ ɖ ɗ ɾ ɽ T",
    "n": "n ɲ ɳ ɴ",
    "l": "l ɫ ʎ ɭ ɬ ɮ ʟ ɺ",
    "s": "s z ʦ ʣ",
    "ch": "ʃ ʒ ʧ ʤ ɕ ʑ ʨ ʥ ʂ ʐ ꭧ ꭦ",
    "k": "k ɡ g ŋ q ɢ x ɣ χ ʁ ʀ c ɟ ʝ ɰ ɠ ʄ",
    "h": "h ɦ ħ ʕ",
    "r": "ɹ ɻ ɚ ɝ ɜ",
    "rr": "r",
    "w": "w ʍ ɥ",
    "j": "j",
    "i": "i ɪ ᵻ ɨ",
    "e": "e",
    "eh": "ɛ",
    "ae": "æ",
    "a": "a ɑ ɶ",
    "ah": "ʌ ɐ",
    "o": "o ɔ ɒ ɤ",
    "u": "u ʊ ʉ ɯ",
    "oe": "y ʏ ø œ ɵ ɞ",
    "schwa": "ə ɘ ᵊ",
}
BY_IPA = {symbol: phone for phone, symbols in _GROUPS.items() for symbol in symbols.split()}
# Marks that belong to the sound before them.
LONG = "ː"
STRESS = "ˈˌ"


def of_ipa(symbol: str) -> list[str]:
    """The phones of one written sound, in the order they are spoken.

    Args:
        symbol: One sound of the International Phonetic Alphabet as speech synthesisers write it:
            a letter or two with marks, ``"tʃ"``, ``"uː"``, ``"ɔ̃"``, ``"aɪ"``.

    Returns:
        Phones of ``PHONES`` without ``sil``; empty where nothing in the symbol is a sound.
    """
    phones: list[str] = []
    # Taken apart, so that a letter with a mark is still that letter.
    for letter in unicodedata.normalize("NFD", symbol.replace("ç", "x")):
        phone = BY_IPA.get(letter)
        if phone is None:
            continue
        # An affricate is one movement: t and sh are spoken as ch.
        if phone in ("ch", "s") and phones and phones[-1] == "t":
            phones.pop()
        if not phones or phones[-1] != phone:
            phones.append(phone)
    return phones
