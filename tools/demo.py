# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo: a real clip moves the shipped head. Called by ``python3 dev.py demo``.

Leaves in ``demo/``: ``head.blend``, ``clip.fwtake``, ``clip.csv``, ``preview.mp4`` (the clip
beside the rendered head), ``curves.png`` and ``report.json``.
"""

from __future__ import annotations

import argparse
import sys
from fractions import Fraction
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from engine.console import ProgressBar  # noqa: E402
from engine.core.arkit import INDEX  # noqa: E402
from engine.core.types import FaceTrack  # noqa: E402
from engine.takes.csv_out import write_csv  # noqa: E402
from engine.takes.take_file import read_header, read_track  # noqa: E402
from tools import fetch_clips, run_in_bpy  # noqa: E402
from tools.side_by_side import side_by_side  # noqa: E402

CLIP = "WolfgangLanger_Pexels.mp4"
# The stretch of it that is filmed: from looking up to laughing. Rendering takes longest.
FILMED = (190, 430)
CURVES = {
    "eyelids": ("eyeBlinkLeft", "eyeBlinkRight", "eyeSquintLeft"),
    "brows": ("browInnerUp", "browDownLeft", "browOuterUpLeft"),
    "mouth": ("jawOpen", "mouthSmileLeft", "mouthSmileRight", "mouthPucker"),
}


def main(argv: list[str]) -> int:
    """Run the demo; returns the exit code."""
    parser = argparse.ArgumentParser(prog="dev.py demo", description=__doc__)
    parser.add_argument("video", nargs="?", type=Path, help="another clip than the sample")
    parser.add_argument("--out", type=Path, default=ROOT / "demo", help="folder (%(default)s)")
    parser.add_argument("--size", type=int, default=360, help="height of the preview, pixels")
    options = parser.parse_args(argv)
    out, size = options.out, options.size // 2 * 2
    out.mkdir(parents=True, exist_ok=True)
    print("Fetching the sample clip …" if not options.video else "Reading your clip …", flush=True)
    clip = options.video or next(path for path in fetch_clips.fetch() if path.name == CLIP)
    filmed = [] if options.video else ["--frames", *map(str, FILMED)]

    take, rendered = out / "clip.fwtake", out / "head.mp4"
    code = run_in_bpy.main(
        ["capture", str(clip), "--out", str(out / "head.blend"), "--take", str(take), "--overwrite",
         "--render", str(rendered), "--resolution", str(size), *filmed,
         "--json", str(out / "report.json")]
    )  # fmt: skip
    if code:
        return code
    track = read_track(take)
    write_csv(out / "clip.csv", track)
    rate = Fraction(*read_header(take)["source"]["rate"])
    start_s = float((FILMED[0] - 1) / rate) if filmed else 0.0
    bar = ProgressBar("Putting both side by side")
    side_by_side(clip, rendered, out / "preview.mp4", size, start_s, bar)
    bar.close()
    rendered.unlink()
    plot(track, out / "curves.png", clip.name)
    print(f"Watch {out / 'preview.mp4'}; beside it: head.blend, clip.fwtake, clip.csv, curves.png.")
    return 0


def plot(track: FaceTrack, path: Path, title: str) -> None:
    """Draw the main curves of a track over seconds; gaps stay empty."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(4, 1, figsize=(11, 9), sharex=True, layout="constrained")
    for axis, (part, names) in zip(axes, CURVES.items(), strict=False):
        for name in names:
            axis.plot(track.time_s, track.weights[:, INDEX[name]], label=name, linewidth=1)
        axis.set(ylabel=part, ylim=(-0.03, 1.03))
    for column, name in enumerate(("pitch", "yaw", "roll")):
        axes[3].plot(track.time_s, track.head_deg[:, column], label=name, linewidth=1)
    axes[3].set(ylabel="head, degrees", xlabel="seconds")
    for axis in axes:
        axis.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8)
        axis.grid(alpha=0.3)
    figure.suptitle(f"{title}: scores as tracked")
    figure.savefig(path, dpi=110)
    plt.close(figure)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
