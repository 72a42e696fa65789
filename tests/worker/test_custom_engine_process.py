# SPDX-License-Identifier: GPL-3.0-or-later
"""An engine of one's own from the command line: a whole clip, and a mistake."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from engine.takes.take_file import read_header

ROOT = Path(__file__).resolve().parents[2]


def engine(cwd: Path, *words: object) -> subprocess.CompletedProcess:
    start = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); "
        "from engine.__main__ import main; sys.exit(main(sys.argv[1:]))"
    )
    return subprocess.run(
        [sys.executable, "-c", start, *map(str, words)], cwd=cwd, capture_output=True, text=True
    )


def test_a_clip_through_the_documented_example(clip, tmp_path):
    text = (ROOT / "docs" / "custom_engine.md").read_text(encoding="utf-8")
    toml = re.search(r"```toml\n(.*?)```", text, re.DOTALL)[1]
    (tmp_path / "mine.toml").write_text(toml, encoding="utf-8")
    shutil.copy(ROOT / "weights" / "face_landmarks.onnx", tmp_path)
    words = ("track", clip("single_face.mp4"), "--engine", "mine.toml", "-o", "out.csv")
    done = engine(tmp_path, *words, "--take", "a.fwtake", "--json", "report.json")
    assert done.returncode == 0, done.stderr
    told = json.loads((tmp_path / "report.json").read_text())
    assert (told["frames"], told["valid_frames"], told["state"]) == (72, 72, "complete")
    header = read_header(tmp_path / "a.fwtake")
    hashed = hashlib.sha256((tmp_path / "mine.toml").read_bytes()).hexdigest()
    assert header["models"]["mine.toml"] == hashed
    assert header["detector"] == "blazeface"


def test_a_mistake_is_told_in_one_sentence(clip, tmp_path):
    (tmp_path / "mine.toml").write_text('[model]\nname = "Mine"\nsize = 3\n')
    done = engine(
        tmp_path, "track", clip("single_face.mp4"), "--engine", "mine.toml", "-o", "o.csv"
    )
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert "mine.toml" in done.stderr
    assert not (tmp_path / "o.csv").exists()
