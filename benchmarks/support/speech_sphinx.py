# SPDX-License-Identifier: GPL-3.0-or-later
"""PocketSphinx over recordings: ``python -m ... .speech_sphinx JOBS OUT phones|text``.

Runs in the benchmark's own environment (``speech_packages``). ``phones`` hears a chain of phones;
``text`` is told the true words and finds when each phone of them is spoken.
"""

from __future__ import annotations

import json
import re
import sys
import time
import wave
from pathlib import Path

from pocketsphinx import Decoder, get_model_path

_HOP_S = 0.01
# ARPAbet to visemes; a diphthong is its two halves.
_VISEMES = {
    phone: visemes.split()
    for visemes, phones in {
        "PP": "P B M",
        "FF": "F V",
        "TH": "TH DH",
        "DD": "T D",
        "kk": "K G NG HH",
        "CH": "CH JH SH ZH",
        "SS": "S Z",
        "nn": "N L",
        "RR": "R ER",
        "aa": "AA AE AH",
        "E": "EH",
        "ih": "IH IY Y EY",
        "oh": "AO OW",
        "ou": "UH UW W",
        "aa ih": "AY",
        "aa ou": "AW",
        "oh ih": "OY",
    }.items()
    for phone in phones.split()
}


def main(jobs_file: str, out_file: str, mode: str) -> int:
    """Hear every recording, and say what it cost."""
    jobs = json.loads(Path(jobs_file).read_text(encoding="utf-8"))
    decoder = Decoder(loglevel="FATAL") if mode == "text" else _phone_decoder()
    result = {"cues": {}, "failed": {}}
    begun, begun_cpu = time.perf_counter(), time.process_time()
    for job in jobs:
        with wave.open(job["wav"]) as file:
            sound = file.readframes(file.getnframes())
        try:
            spoken = (
                _aligned(decoder, sound, job["text"]) if mode == "text" else _phones(decoder, sound)
            )
            result["cues"][job["name"]] = _cues(spoken)
        except RuntimeError as error:
            result["failed"][job["name"]] = str(error)
    result["seconds"] = time.perf_counter() - begun
    result["cpu_seconds"] = time.process_time() - begun_cpu
    Path(out_file).write_text(json.dumps(result), encoding="utf-8")
    return 0


def _phone_decoder() -> Decoder:
    # The beams that its own documentation gives for phones.
    phones = get_model_path("en-us/en-us-phone.lm.bin")
    return Decoder(lm=None, allphone=phones, beam=1e-20, pbeam=1e-20, lw=2.0, loglevel="FATAL")


def _phones(decoder: Decoder, sound: bytes) -> list[tuple[str, int, int]]:
    _decode(decoder, sound)
    return [(s.word, s.start_frame, s.end_frame + 1) for s in decoder.seg() or ()]


def _aligned(decoder: Decoder, sound: bytes, text: str) -> list[tuple[str, int, int]]:
    decoder.set_align_text(" ".join(re.findall(r"[a-z']+", text.lower())))
    _decode(decoder, sound)
    decoder.set_alignment()
    _decode(decoder, sound)
    return [
        (phone.name, phone.start, phone.start + phone.duration)
        for word in decoder.get_alignment()
        for phone in word
    ]


def _decode(decoder: Decoder, sound: bytes) -> None:
    decoder.start_utt()
    decoder.process_raw(sound, full_utt=True)
    decoder.end_utt()


def _cues(spoken: list[tuple[str, int, int]]) -> list[dict]:
    cues = []
    for phone, start, end in spoken:
        visemes = _VISEMES.get(phone, ["sil"])
        step = (end - start) / len(visemes)
        for place, viseme in enumerate(visemes):
            begin = start + place * step
            cues.append({"start": begin * _HOP_S, "end": (begin + step) * _HOP_S, "viseme": viseme})
    return cues


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:4]))
