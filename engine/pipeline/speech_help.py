# SPDX-License-Identifier: GPL-3.0-or-later
"""The sound of a clip helps its picture: what is spoken, how late it is, a mouth that is hidden."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path

from ..core.errors import FacewrightError
from ..core.inference.onnx_session import open_model
from ..core.progress import Progress
from ..core.types import FaceTrack
from ..models.catalog import model_path
from ..sources.sound_file import SoundFile
from ..speech import offset
from ..speech.decode import decode
from ..speech.stand_in import stand_in
from .hear_file import PIECE_S, hear_pieces

NETWORK = "speech"
# What a take's header calls this.
ENTRY = "sound_help"
# The sound of a take recorded live lies beside it.
_BESIDE = ".wav"
# What people notice: sound 40 ms early, 60 ms late (EBU R 37). Less is corrected, but not told
# as a warning.
_NOTICED_S = 0.04


@dataclass
class SoundHelp:
    """What the sound told about a take; in its header and in the reports.

    Attributes:
        sound: Path of what was heard; empty where there was nothing.
        late_ms: By how much the sound comes after the picture, below 0 before it; None where
            that cannot be told.
        within_ms: How exact that is: two thirds of the measurements are so near.
        confidence: 0..1, how many parts of the clip agree.
        spoken_s: Seconds of speech with the lips in sight.
        says: The offset as a sentence; empty where it cannot be told.
        unsure: Why it cannot be told.
        matched: Whether the mouth moves as far as the performer's does elsewhere in the clip.
        stretches: Where the mouth goes by the sound: start_s, end_s, why.
        problem: Why the sound could not help, a sentence; empty where it could.
    """

    sound: str = ""
    late_ms: int | None = None
    within_ms: int | None = None
    confidence: float = 0.0
    spoken_s: float = 0.0
    says: str = ""
    unsure: str = ""
    matched: bool = False
    stretches: list[dict] = field(default_factory=list)
    problem: str = ""

    def to_json(self) -> dict:
        """As a JSON object."""
        return asdict(self)


def find_sound(take: Path | str, header: dict) -> tuple[Path, float] | None:
    """Where the sound of a take is, and the second of the take at which it begins.

    A clip's sound counts from the clip's first picture, so it begins at 0. None where the file
    is gone, or has no sound.
    """
    take, source = Path(take), header["source"]
    if source.get("kind") == "live":
        sound = header.get("sound")
        beside = take.with_suffix(_BESIDE)
        return (beside, float(sound["offset_s"])) if sound and beside.is_file() else None
    if not source.get("has_audio"):
        return None
    # Where it was, or beside the take when both were moved together.
    places = (Path(source.get("path", "")), take.parent / source["file"])
    return next(((place, 0.0) for place in places if place.is_file()), None)


def help_track(
    track: FaceTrack, take: Path | str, header: dict, progress: Progress | None = None
) -> tuple[FaceTrack, SoundHelp]:
    """Hear a take's sound, measure how late it is, and let it move the mouth where it is hidden.

    A sound that cannot be heard is a problem that is told, never an error: the picture is enough.

    Args:
        track: The whole take as it was solved.
        take: Its path.
        header: Its header.
        progress: Warned of what is not as asked, and told of the offset. May cancel.

    Returns:
        The track, the same where nothing was hidden; and what was found.
    """
    progress = progress or Progress()
    report = SoundHelp()
    try:
        found = find_sound(take, header)
        if found is None:
            raise FacewrightError("The clip has no sound, or it is not where it was.")
        path, begins_s = found
        report.sound = str(path)
        network = open_model(model_path(NETWORK), "cpu")
        with SoundFile(path) as file:
            # Work is counted in frames here; this only asks whether anybody still wants it.
            heard = hear_pieces(
                network,
                file.blocks(block_s=PIECE_S),
                lambda _seconds: progress.step(len(track), len(track)),
            )
    except FacewrightError as error:
        report.problem = f"The sound cannot help: {error.message}"
        progress.warn(report.problem)
        return track, report
    cues = decode(heard)
    # The track on the sound's clock; the two differ where live sound began later.
    found_offset = offset.measure_offset(_moved(track, -begins_s), heard, cues)
    _tell_offset(report, found_offset)
    late_s = (report.late_ms or 0) / 1000
    if abs(late_s) >= _NOTICED_S:
        progress.warn(report.says)
    result = stand_in(track, offset.shifted(cues, begins_s - late_s))
    report.matched = result.matched
    report.stretches = [
        {"start_s": round(told.start_s, 3), "end_s": round(told.end_s, 3), "why": told.why}
        for told in result.told
    ]
    if result.told:
        seconds = sum(told.end_s - told.start_s for told in result.told)
        progress.warn(
            f"In {len(result.told)} stretches, {seconds:.1f} s together, the mouth goes by the "
            "sound because it was not seen."
        )
    return result.track, report


def _tell_offset(report: SoundHelp, found: offset.Offset) -> None:
    report.confidence = round(found.confidence, 3)
    report.spoken_s = round(found.spoken_s, 2)
    report.says, report.unsure = offset.sentence(found), found.unsure
    if found.is_sure:
        in_step = abs(found.late_s) < offset.IN_STEP_S
        report.late_ms = 0 if in_step else round(found.late_s * 100) * 10
        report.within_ms = max(round(found.within_s * 1000), 5)


def _moved(track: FaceTrack, seconds: float) -> FaceTrack:
    if not seconds:
        return track
    columns = {name: getattr(track, name) for name in track.SHAPES if name != "time_s"}
    return FaceTrack(time_s=track.time_s + seconds, **columns)
