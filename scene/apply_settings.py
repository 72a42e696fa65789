# SPDX-License-Identifier: GPL-3.0-or-later
"""How a track is written as keyframes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ..engine.filters.chain import FilterSettings
from .pose_channels import PoseSettings


@dataclass(frozen=True)
class ApplySettings:
    """How a track is written.

    Attributes:
        start_frame: The frame of the timeline on which the take starts.
        filters: Smoothing, gaps, centring, key times (``filters.chain``).
        pose: Head and eyes (``pose_channels``).
        onto_existing: Write into the actions that are there, replacing only the keys of the
            written channels inside the recorded frames. Otherwise a new action is made, and the
            one that was there stays in the file.
        range_policy: What to do where a weight exceeds the shape key's slider: "WIDEN" the
            slider, or "CLIP" the weight.
        interpolation: "LINEAR" or "BEZIER" between keys.
        reduce_weight: Largest error of a weight when keys are thinned out, 0..1; 0 keeps all
            keys of weights, head and eyes. The bound holds for "LINEAR" interpolation.
        reduce_deg: The same for rotations, degrees; counts only if ``reduce_weight`` is not 0.
        reduce_cm: The same for positions, centimetres.
        place_sound: Put the clip's own sound in the Sequencer; a part of a take brings none.
        sound_in_step: Put that sound where the lips are, if it was found to be late or early when
            the take was solved.
        regions: The parts of the face that get keys, of ``columns.PARTS``; empty is all. "gaze"
            covers the eye bones too, "head" is the head bone or object. With ``onto_existing``
            the other parts stay as they are: the mouth of one take on the rest of another.
        span: First and last frame of the timeline between which keys are written and replaced;
            None is the whole take. Nothing outside changes. With ``onto_existing``, the keys come
            out of what is animated already and go back into it: a punch-in.
        ease_frames: Frames that each of both crossfades of a punch-in takes, inside the span.
        keys_and_bones: Write a key even though a bone of the same channel moves its vertices the
            same way; otherwise it is left out, because the face would move twice.
        speed: Seconds of the take that pass in one second of the timeline.
        silent_parts: The parts of the face that the take says nothing about. They get no keys,
            and what animates them already goes on.
    """

    start_frame: float = 1.0
    filters: FilterSettings = field(default_factory=FilterSettings)
    pose: PoseSettings = field(default_factory=PoseSettings)
    onto_existing: bool = False
    range_policy: str = "WIDEN"
    interpolation: str = "LINEAR"
    reduce_weight: float = 0.0
    reduce_deg: float = 0.25
    reduce_cm: float = 0.05
    place_sound: bool = True
    regions: frozenset[str] = frozenset()
    span: tuple[float, float] | None = None
    ease_frames: float = 4.0
    keys_and_bones: bool = False
    speed: float = 1.0
    silent_parts: frozenset[str] = frozenset()
    sound_in_step: bool = False

    @property
    def is_part(self) -> bool:
        """Whether only a part of the take is written."""
        return bool(self.regions) or self.span is not None

    def writes(self, region: str) -> bool:
        """Whether a part of the face gets keys."""
        return (not self.regions or region in self.regions) and region not in self.silent_parts

    @property
    def chosen_pose(self) -> PoseSettings:
        """Head and eyes, without those that are in no chosen part of the face."""
        pose = self.pose
        if not self.writes("gaze"):
            pose = replace(pose, eye_left="", eye_right="")
        if not self.writes("head"):
            pose = replace(pose, head_object="", eye_object=pose.eye_object or pose.head_object)
        return pose
