# SPDX-License-Identifier: GPL-3.0-or-later
"""What the voices read: words drawn by how common they are, in many languages.

Word salad on purpose. The network must hear sounds, not guess what a sentence would go on to say,
and every run of a language's sounds across words comes up sooner or later.
"""

from __future__ import annotations

import random

from wordfreq import top_n_list

_COMMON = 6000
_KANA = (
    "か き く け こ さ し す せ そ た ち つ て と な に ぬ ね の は ひ "
    "ふ へ ほ ま み む め も や ゆ よ ら り る れ ろ わ を ん が ぎ ぐ "
    "げ ご ざ じ ず ぜ ぞ だ で ど ば び ぶ べ ぼ ぱ ぴ ぷ ぺ ぽ あ い "
    "う え お きゃ きゅ きょ しゃ しゅ しょ ちゃ ちゅ ちょ にゃ ひゃ みゃ りゃ りゅ りょ "
    "ぎゃ じゃ じゅ じょ "
    "びょ ぴょ まっ かっ とっ おう えい こう とう まん ぼう ぽん みず "
).split()
_ENDS = ".....?!"


class Texts:
    """Sentences of one language, the same ones for the same seed.

    Args:
        language: ISO 639-1 code; Japanese is written in kana.
        seed: Of the draw.
    """

    def __init__(self, language: str, seed: int) -> None:
        self._random = random.Random(f"{language} {seed}")
        self._japanese = language == "ja"
        self._space = "" if language == "zh" else " "
        if self._japanese:
            return
        words = [w for w in top_n_list(language, _COMMON) if w.isalpha() and len(w) < 16]
        self._words = words
        # Between how often a word is said (about 1 / rank) and one turn each: rare sounds need
        # a chance.
        self._weights = [rank**-0.5 for rank in range(1, len(words) + 1)]

    def sentence(self) -> str:
        """One sentence of 5 to 14 words, at times with a comma in it."""
        count = self._random.randint(5, 14)
        if self._japanese:
            words = ["".join(self._random.choices(_KANA, k=self._random.randint(2, 4)))]
            words += [
                "".join(self._random.choices(_KANA, k=self._random.randint(1, 4)))
                for _ in range(count - 1)
            ]
        else:
            words = self._random.choices(self._words, self._weights, k=count)
        if count > 7 and self._random.random() < 0.6:
            words[count // 2] += ","
        return self._space.join(words) + self._random.choice(_ENDS)
