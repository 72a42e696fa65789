# SPDX-License-Identifier: GPL-3.0-or-later
"""Our solver: what a face does, measured against the same face at rest.

First pass: find the frames in which the performer rests and make one resting face of them.
Second pass: a network compares every frame with it and gives the weights, how far each can be
trusted, and what of the head's rotation was expression. ``docs/solver.md`` tells how and why;
``tools/train_solver.py`` makes the network.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..core.arkit import COUNT, INDEX, REGION_INDICES
from ..core.axes import euler_deg
from ..core.gaze import gaze_deg
from ..core.types import APPEARANCE, LANDMARKS, FaceTrack, Observations
from .base import SolverOptions
from .frontal import Frontal, placed, rotation_from_vector, turn_to_front
from .lids import close_lids, complete_blinks, lip_gap
from .options import apply_options
from .performer import Performer
from .rest import RestFinder, unrest
from .steady import DOUBT_SIGMA_S, Causal, steady, steady_head

NETWORK = "face_solver"
# Length of the network's input: face, face at rest, view, appearance twice, whether it is known.
POINTS = LANDMARKS * 3
INPUT = 2 * POINTS + 3 + 2 * APPEARANCE + 1
# Lips this far apart, as a share of the eyes' distance, may show a tongue.
_TONGUE_GAP = 0.04
# A jaw open this far lets one out.
_TONGUE_JAW = 0.15
# Degrees and centimetres that a head moves about as a weight moves by 1.
_HEAD_RANGE = 30.0
_MOUTH = list(REGION_INDICES["mouth"])
_TONGUE = INDEX["tongueOut"]


class FacewrightSolver:
    """See ``base.Solver``.

    Args:
        options: What it works with.
    """

    margin_s = 3 * DOUBT_SIGMA_S

    def __init__(self, options: SolverOptions) -> None:
        self._options = options
        self._network = options.open_network(NETWORK)
        self._finder = RestFinder(self._compare)
        self._given = options.performer
        causal = options.settings.causal and options.settings.steady
        self._causal = Causal() if causal else None
        self._causal_head = Causal() if causal else None

    def study(self, observations: Observations) -> None:
        """Look for the performer at rest, unless a profile says what that looks like."""
        seen = observations[observations.valid]
        if len(seen) and self._given is None:
            frontal = self._turn(seen)
            points = frontal.points
            self._finder.look(
                points.reshape(-1, POINTS),
                _view(frontal),
                seen.appearance,
                unrest(points, seen.time_s),
            )

    def study_reach(self, observations: Observations) -> None:
        """Remember how strong each movement gets, once the face at rest is known."""
        seen = observations[observations.valid]
        if len(seen):
            weights, _, _ = self._weights(observations, seen, self._turn(seen))
            self._finder.count_reach(np.clip(weights, 0, 1))

    def performer(self) -> Performer | None:
        """The profile given, or what the clip showed so far; None before it showed enough."""
        if self._given is None:
            return self._finder.performer()
        if self._given.reach.any():
            return self._given
        # Made in two seconds of rest: how far this face goes is seen in the clip.
        return replace(self._given, reach=self._finder.reach())

    def adopt(self, performer: Performer | None) -> None:
        """Go on with another profile; None for what the clip shows."""
        self._given = performer

    def solve(self, observations: Observations) -> FaceTrack:
        """The values of T consecutive frames."""
        settings, valid = self._options.settings, observations.valid
        seen = observations[valid]
        track = _nothing(observations)
        if not len(seen):
            return track
        frontal = self._turn(seen)
        weights, confidence, turned = self._weights(observations, seen, frontal)
        performer = self.performer()
        reach = np.zeros(COUNT) if performer is None else performer.reach
        weights = apply_options(weights, settings, reach)
        rotation, position = placed(
            frontal,
            frontal.rotation @ rotation_from_vector(turned),
            self._options.width,
            self._options.height,
            settings.field_of_view_deg,
        )
        pose = self._calm_head(observations, seen, euler_deg(rotation), position)
        track.weights[valid] = weights
        track.channel_confidence[valid] = confidence
        track.confidence[valid] = seen.presence
        track.head_deg[valid], track.head_cm[valid] = pose[:, :3], pose[:, 3:]
        track.gaze_deg[valid] = gaze_deg(weights)
        return track

    def _weights(
        self, observations: Observations, seen: Observations, frontal: Frontal
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Calm weights (T, 52) before any option, confidence, and the head's correction (T, 3)."""
        performer = self.performer()
        view = _view(frontal)
        rest = None if performer is None else (performer.rest, performer.appearance)
        out, _ = self._run(frontal.points.reshape(-1, POINTS), view, seen.appearance, rest)
        weights, turned, sure = np.split(out.astype(np.float64), [COUNT, COUNT + 3], axis=1)
        confidence = sure * seen.presence[:, None]
        if performer is not None:
            # What rests reads 0, what is full stays 1.
            weights = (weights - performer.idle) / (1 - performer.idle)
            close_lids(weights, frontal.points, performer.rest.reshape(-1, 3), view[:, 1])
        # The landmark network sees tongues in fingers, too; between closed lips or teeth there is
        # none.
        gap = np.clip(lip_gap(frontal.points) / _TONGUE_GAP, 0, 1)
        jaw = np.clip(weights[:, INDEX["jawOpen"]] / _TONGUE_JAW, 0, 1)
        weights[:, _TONGUE] = seen.scores[:, _TONGUE] * gap * jaw
        confidence[:, _TONGUE] = confidence[:, _MOUTH].mean(1)
        return self._calm(observations, seen, weights, confidence), confidence, turned

    def _turn(self, seen: Observations) -> Frontal:
        options = self._options
        return turn_to_front(seen.landmarks, options.geometry, options.width / options.height)

    def _run(
        self,
        points: np.ndarray,
        view: np.ndarray,
        appearance: np.ndarray,
        rest: tuple[np.ndarray, np.ndarray] | None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """The network's output for T faces (T, 107), and what each weight moves (52, 1690)."""
        rows = np.zeros((len(points), INPUT), np.float32)
        rows[:, :POINTS] = points
        rows[:, 2 * POINTS : 2 * POINTS + 3] = view
        if rest is None:
            # The network knows a resting face of zeros as "nobody that I have studied".
            known = np.zeros(len(points), bool)
        else:
            rows[:, POINTS : 2 * POINTS] = rest[0]
            known = np.isfinite(appearance).all(1) & np.isfinite(rest[1]).all()
        look = rows[:, 2 * POINTS + 3 :]
        if known.any():
            look[known, :APPEARANCE] = appearance[known]
            look[known, APPEARANCE : 2 * APPEARANCE] = rest[1]
            look[known, 2 * APPEARANCE] = 1.0
        out, shapes = self._network(rows)
        return out, shapes

    def _compare(self, points, view, appearance, rest) -> tuple[np.ndarray, np.ndarray]:
        """See ``rest.Compare``."""
        out, shapes = self._run(points, view, appearance, rest)
        return np.clip(out[:, :COUNT], 0, 1), shapes

    def _calm(self, observations, seen, weights, confidence) -> np.ndarray:
        if not self._options.settings.steady:
            return weights
        if self._causal:
            return _one_by_one(self._causal, seen.time_s, weights)
        out = np.empty_like(weights)
        for rows in _stretches(observations.valid):
            out[rows] = steady(seen.time_s[rows], weights[rows], confidence[rows])
            complete_blinks(seen.time_s[rows], out[rows], confidence[rows])
        return out

    def _calm_head(self, observations, seen, head_deg, head_cm) -> np.ndarray:
        """Head angles in degrees and position in cm, (T, 6)."""
        pose = np.concatenate([head_deg, head_cm], axis=1)
        for rows in _stretches(observations.valid):
            pose[rows, :3] = np.unwrap(pose[rows, :3], period=360, axis=0)
            if self._options.settings.steady and not self._causal_head:
                pose[rows] = steady_head(seen.time_s[rows], pose[rows])
        if self._causal_head:
            pose = _HEAD_RANGE * _one_by_one(self._causal_head, seen.time_s, pose / _HEAD_RANGE)
        return pose


def _stretches(valid: np.ndarray) -> list[slice]:
    """Rows of the valid frames between gaps: what came before one says nothing about after."""
    rows = np.flatnonzero(valid)
    starts = np.flatnonzero(np.diff(rows, prepend=-2) > 1)
    return [slice(a, b) for a, b in zip(starts, [*starts[1:], len(rows)], strict=True)]


def _one_by_one(causal: Causal, time_s: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return np.stack([causal(float(t), row) for t, row in zip(time_s, rows, strict=True)])


def _view(frontal: Frontal) -> np.ndarray:
    """float32 (T, 3): pitch, yaw and roll of the head along its ray, radians."""
    return np.radians(euler_deg(frontal.rotation)).astype(np.float32)


def _nothing(observations: Observations) -> FaceTrack:
    """A track in which no frame has values yet."""

    def empty(*shape: int) -> np.ndarray:
        return np.full((len(observations), *shape), np.nan, np.float32)

    return FaceTrack(
        observations.time_s,
        observations.valid,
        np.where(observations.valid, np.nan, 0.0).astype(np.float32),
        empty(COUNT),
        empty(COUNT),
        empty(3),
        empty(3),
        empty(2, 2),
    )
