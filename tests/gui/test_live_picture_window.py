# SPDX-License-Identifier: GPL-3.0-or-later
"""The camera's picture in the real panel: seen, upright, moving, and gone at the end."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.pipeline.live_picture import draw_live_picture
from engine.sources.media import VideoSource
from tests.gui.harness import GuiResult, run_in_window, skip_without_window

pytestmark = pytest.mark.gui
SCRIPTS = Path(__file__).with_name("scripts")
CLIP = Path(__file__).resolve().parents[2] / ".cache" / "clips" / "WolfgangLanger_Pexels.mp4"
# A panel's edges, the tabs and what Blender leaves free around an icon.
MARGIN_PX = 72


@pytest.fixture(scope="module")
def shown(linux_zip: Path, tmp_path_factory: pytest.TempPathFactory) -> GuiResult:
    skip_without_window()
    if not CLIP.is_file():
        pytest.skip("the clip is not here: run `python tools/fetch_clips.py`")
    workdir = tmp_path_factory.mktemp("live_picture")
    shutil.copyfile(CLIP, workdir / "clip.mp4")
    return run_in_window(SCRIPTS / "live_picture.py", zip_path=linux_zip, workdir=workdir)


def find_clip(shown: GuiResult, name: str, upright: bool = True) -> tuple[float, int]:
    """How well the sidebar of a photograph shows some frame of the clip, and which frame."""
    screen = next(path for path in shown.screenshots if path.stem == name)
    x, y, width, height = shown.result["sidebar"]
    image = cv2.imread(str(screen))[..., ::-1]
    # Blender counts from below.
    sidebar = image[image.shape[0] - y - height : image.shape[0] - y, x : x + width]
    size = (width - MARGIN_PX, round((width - MARGIN_PX) * 9 / 16))
    found = []
    with VideoSource(CLIP) as source:
        for frame in source.frames():
            if frame.index % 6:
                continue
            small = cv2.resize(draw_live_picture(frame.image, None, 320, 180), size)
            wanted = small if upright else small[::-1]
            score = cv2.matchTemplate(
                np.ascontiguousarray(sidebar), np.ascontiguousarray(wanted), cv2.TM_CCOEFF_NORMED
            )
            found.append((float(score.max()), frame.index))
    return max(found)


def test_it_is_seen_upright_and_moves(shown: GuiResult) -> None:
    score, frame = find_clip(shown, "picture")
    assert score > 0.85, frame
    assert find_clip(shown, "picture", upright=False)[0] < score - 0.1
    later_score, later = find_clip(shown, "picture_later")
    assert later_score > 0.85 and later != frame
    assert find_clip(shown, "recording")[0] > 0.85


def test_it_goes_when_it_is_switched_off(shown: GuiResult) -> None:
    assert find_clip(shown, "without")[0] < 0.7


def test_nothing_of_it_is_left(shown: GuiResult) -> None:
    found = shown.result
    assert found["files"] == ["facewright_picture.rgb"]
    assert found["picture_after"] == 0
    assert not [name for name in found["images"] if "picture" in name]
    assert "no icon for icon ID" not in shown.log
