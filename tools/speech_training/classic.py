# SPDX-License-Identifier: GPL-3.0-or-later
"""flite and festival speak English with the letters of the ARPAbet (Debian's packages).

flite's voices are made of recordings (clustergen, diphones); festival's are diphones, and a
hidden Markov model. Both write down when each phone ends.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import wave
from pathlib import Path

import numpy as np

from .timed import Segment, Speech

# ARPAbet to the International Phonetic Alphabet (Jurafsky and Martin, Speech and Language
# Processing, table of the ARPAbet).
_IPA = dict(
    pair.split("=")
    for pair in (
        "aa=ɑ ae=æ ah=ʌ ao=ɔ aw=aʊ ax=ə axr=ɚ ay=aɪ b=b ch=tʃ d=d dh=ð dx=ɾ eh=ɛ el=əl em=əm "
        "en=ən er=ɝ ey=eɪ f=f g=ɡ hh=h hv=h ih=ɪ iy=i jh=dʒ k=k l=l m=m n=n ng=ŋ nx=n ow=oʊ "
        "oy=ɔɪ p=p r=ɹ s=s sh=ʃ t=t th=θ uh=ʊ uw=u v=v w=w y=j z=z zh=ʒ ix=ɪ pau=. h#=. brth=."
    ).split()
)
FLITE = ("slt", "rms", "awb", "kal16")
FESTIVAL = ("voice_kal_diphone", "voice_ked_diphone", "voice_cmu_us_slt_arctic_hts")


def is_there() -> bool:
    """Whether both programs are installed."""
    return bool(shutil.which("flite") and shutil.which("festival"))


def flite(voice: str, text: str, stretch: float = 1.0) -> Speech | None:
    """One sentence by flite; ``stretch`` above 1 is slower."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "said.wav"
        command = ["flite", "-voice", voice, "-psdur", "--setf", f"duration_stretch={stretch}"]
        done = subprocess.run(
            [*command, "-t", text, "-o", str(path)], capture_output=True, text=True, timeout=60
        )
        if done.returncode or not path.exists():
            return None
        pairs = [part.split(":") for part in done.stdout.split() if ":" in part]
        marks = [(name, float(end)) for name, end in pairs]
        return _speech(path, marks, f"flite {voice}", text)


def festival(voice: str, text: str, stretch: float = 1.0) -> Speech | None:
    """One sentence by festival; ``stretch`` above 1 is slower."""
    with tempfile.TemporaryDirectory() as folder:
        path, segments = Path(folder) / "said.wav", Path(folder) / "said.seg"
        words = text.replace('"', "")
        program = (
            f"({voice}) (Parameter.set 'Duration_Stretch {stretch}) "
            f'(set! u (Utterance Text "{words}")) (utt.synth u) '
            f'(utt.save.wave u "{path}") (utt.save.segs u "{segments}")'
        )
        done = subprocess.run(
            ["festival", "--pipe"], input=program, capture_output=True, text=True, timeout=120
        )
        if done.returncode or not segments.exists() or not path.exists():
            return None
        marks = []
        for line in segments.read_text().split("#", 1)[1].splitlines():
            fields = line.split()
            if len(fields) == 3:
                marks.append((fields[2], float(fields[0])))
        return _speech(path, marks, f"festival {voice}", text)


def _speech(path: Path, marks: list[tuple[str, float]], voice: str, text: str) -> Speech | None:
    if not marks:
        return None
    with wave.open(str(path)) as file:
        rate = file.getframerate()
        sound = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768
    starts = [0.0, *(end for _, end in marks[:-1])]
    segments = [
        Segment(_IPA.get(name.lower(), ""), start, end)
        for (name, end), start in zip(marks, starts, strict=True)
    ]
    return Speech(sound, rate, segments, voice, "en-us", text)
