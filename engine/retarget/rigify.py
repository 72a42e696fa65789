# SPDX-License-Identifier: GPL-3.0-or-later
"""Stored poses for a generated Rigify face: the shipped head's movements on the rig's own controls.

``rigify_face.json`` says where on the shipped head each control of the rig belongs: the middle of
a lid, the corner of the mouth. A pose is then found in three steps. The displacements of these
places on the shipped head, in the rig's size, are where the skin below the controls shall go. The
jaw and the eyes turn as there. What is left is asked of the controls themselves by least squares,
with a Jacobian that was measured on the rig, because its controls push and pull each other.

Nothing is known of bones here: whoever calls says how to measure. Points are in the armature's
axes (x left, -y where the face looks, z up) and units.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from pathlib import Path

import numpy as np

from ..core.errors import FacewrightError
from ..core.gaze import DOWN_DEG, SIDE_DEG, UP_DEG
from ..core.similarity import fit_similarity
from .head_asset import HeadAsset, load_asset
from .turns import exp_matrices, log_matrices

TABLE = Path(__file__).with_name("rigify_face.json")

# How the jaw follows: about its hinge, or pushed.
JAW_TURNS = ("jawOpen", "jawLeft", "jawRight")
JAW_MOVES = ("jawForward",)
# Damping of the least squares: a control that hardly moves its skin is not asked for more.
_DAMPING = 0.15
_ROUNDS = 6
# A round that does not bring the squared error down to this share of it is the last one.
_WORTH_IT = 0.7
# Errors below this share of the way are good enough.
_GOOD = 0.02
# A region's size on the rig beside the head's may differ from that of the whole face by this.
_MOST_OFF = 1.6
# Controls below this share of a pose's largest movement are noise.
_LEAST = 0.02


@dataclass(frozen=True)
class Control:
    """A control of the face.

    Attributes:
        name: Its bone.
        region: Part of the face that has one size: ``"mouth"``, ``"eye.L"``...
        place: float64 (3,), where it belongs on the shipped head, metres.
        radius: How far around the skin counts, metres.
        part: Part of the shipped head, ``"skin"`` or ``"tongue"``.
    """

    name: str
    region: str
    place: np.ndarray
    radius: float
    part: str


def face_controls(bones: Sequence[str]) -> list[Control]:
    """The controls that an armature has, left, right and middle.

    Args:
        bones: Names of all bones.
    """
    known = set(bones)
    found: dict[str, Control] = {}
    for row in json.loads(TABLE.read_text(encoding="utf-8")):
        place, radius = np.array(row["place_mm"]) / 1000, row["radius_mm"] / 1000
        # The two generations have other names for the same control.
        name = next((name for name in row["names"] if name in known), "")
        own = row["region"] in ("eye", "brow", "cheek")
        for side, sign in (("L", 1), ("R", -1)) if ".L" in name else (("", 1),):
            bone = name.replace(".L", f".{side}") if side else name
            if bone in known:
                region = f"{row['region']}.{side}" if own else row["region"]
                at = place * (sign, 1, 1)
                found[bone] = Control(bone, region, at, radius, row["part"])
    return list(found.values())


@dataclass(frozen=True)
class FaceFit:
    """The shipped head laid over a rig's face.

    Attributes:
        controls: n controls.
        rest: float64 (n, 3), where the skin below each is at rest.
        turn: float64 (3, 3), from the head's axes to the armature's.
        scale: Size of the rig's face beside the head's.
        targets: ARKit name -> float64 (n, 3), where the skin shall go from rest; what a channel
            does not move is not in it.
        jaw: ARKit name -> rotation vector and shift of the head's jaw in the armature's axes and
            units, float64 (3,) each.
    """

    controls: list[Control]
    rest: np.ndarray
    turn: np.ndarray
    scale: float
    targets: dict[str, np.ndarray]
    jaw: dict[str, tuple[np.ndarray, np.ndarray]]

    def rows(self, *names: str) -> list[int]:
        """Positions of controls, those that are there."""
        position = {control.name: i for i, control in enumerate(self.controls)}
        return [position[name] for name in names if name in position]


def fit_face(controls: list[Control], rest: np.ndarray, eyes: dict[str, np.ndarray]) -> FaceFit:
    """Lays the shipped head over a face and says where everything shall go.

    Args:
        controls: See ``face_controls``; at least four that are no plane.
        rest: float (n, 3), the skin below each at rest.
        eyes: "L" and "R" -> float (3,), the middle of the eyeball: lids slide on a sphere.
    """
    places = np.array([control.place for control in controls])
    scale, turn, _ = fit_similarity(places, rest[None], np.ones(len(places)))
    scale, turn = float(scale[0]), turn[0]
    sizes = np.full(len(controls), scale)
    for region in {control.region for control in controls}:
        rows = [i for i, control in enumerate(controls) if control.region == region]
        if len(rows) > 3:
            own = _spread(rest[rows]) / _spread(places[rows])
            sizes[rows] = np.clip(own, scale / _MOST_OFF, scale * _MOST_OFF)
    asset = load_asset()
    spots = [_surroundings(asset, control) for control in controls]
    targets = {}
    for name, delta in asset.deltas.items():
        moved = np.array([weights @ delta[rows] for rows, weights in spots])
        if np.abs(moved).max() > 2e-4:
            targets[name] = (moved @ turn.T) * sizes[:, None]
    jaw = {
        name: (turn @ vector, turn @ shift * scale)
        for name, (vector, shift) in _jaw_motions(asset).items()
    }
    fit = FaceFit(controls, np.asarray(rest, np.float64), turn, scale, targets, jaw)
    for side, centre in eyes.items():
        _close_lids(fit, side)
        _slide_lids(fit, side, centre)
    _close_lips(fit)
    return fit


def eye_turns() -> dict[str, tuple[str, np.ndarray]]:
    """eyeLook channels -> side of the eye ("L" or "R") and rotation vector, the head's axes."""
    found = {}
    for side, outwards in (("Left", 1.0), ("Right", -1.0)):
        # About the character's left (+x), a turn looks down; about up (+z), it looks left.
        for way, axis, degrees in (
            ("Down", 0, DOWN_DEG),
            ("Up", 0, -UP_DEG),
            ("Out", 2, outwards * SIDE_DEG),
            ("In", 2, -outwards * SIDE_DEG),
        ):
            vector = np.zeros(3)
            vector[axis] = np.radians(degrees)
            found[f"eyeLook{way}{side}"] = side[0], vector
    return found


def jaw_turn(fit: FaceFit, name: str, hinge: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How the jaw's control follows: rotation vector about its hinge, and shift.

    Args:
        fit: The face.
        name: One of ``JAW_TURNS`` or ``JAW_MOVES``.
        hinge: float (3,), where the jaw's control turns.
    """
    vector, shift = fit.jaw[name]
    if name in JAW_MOVES:
        return np.zeros(3), shift
    if name == "jawOpen":  # a hinge: sideways it would only show the head's last tenths
        vector = fit.turn[:, 0] * (fit.turn[:, 0] @ vector)
    rows = fit.rows("chin", "chin.001", "lip.B", "lip.B.L.001", "lip.B.R.001", "chin.L", "chin.R")
    unit = vector / np.linalg.norm(vector)
    wanted, arms = fit.targets[name][rows], fit.rest[rows] - hinge
    angles = np.radians(np.arange(0.0, 45.0, 0.25))
    turned = arms @ exp_matrices(angles[:, None] * unit).swapaxes(1, 2) - arms
    best = ((turned - wanted) ** 2).sum((1, 2)).argmin()
    return unit * angles[best], np.zeros(3)


Measure = Callable[[np.ndarray], np.ndarray]


def measure_jacobian(
    measure: Measure,
    controls: Sequence[Control],
    step: float,
    around: np.ndarray | None = None,
    known: np.ndarray | None = None,
    chosen: str = "",
) -> np.ndarray:
    """How the skin goes with the controls, by trying each.

    Controls that have nothing to do with each other are tried at once: both eyes with their
    brows, and one of the mouth beside them. Noses and cheeks are between them and tried alone.

    Args:
        measure: From locations of the controls, float (n, 3) in their own axes, to the skin's
            points float (n, 3).
        controls: The n controls.
        step: How far each is moved.
        around: float (n, 3), the locations to try around; None is at rest.
        known: A Jacobian of which only some columns are measured anew, those of
        chosen: this region.

    Returns:
        float64 (3n, 3n): change of the points per change of the locations.

    Raises:
        FacewrightError: ``rig-still`` where no control moves anything.
    """
    count = len(controls)
    around = np.zeros((count, 3)) if around is None else around
    rest = measure(around)
    jacobian = np.zeros((count, 3, count, 3))
    if known is not None:
        jacobian = known.reshape(count, 3, count, 3).copy()
    for together in _rounds_of_trial(controls, chosen):
        for axis in range(3):
            moved = around.copy()
            moved[list(together), axis] += step
            gone = (measure(moved) - rest) / step
            for control, rows in together.items():
                jacobian[rows, :, control, axis] = gone[rows]
    if not jacobian.any():
        raise FacewrightError(
            "The controls of the Rigify face move none of its bones.",
            "Check that its constraints and drivers are on, or generate the rig again.",
            "rig-still",
        )
    return jacobian.reshape(3 * count, 3 * count)


def _rounds_of_trial(controls: Sequence[Control], chosen: str) -> list[dict[int, np.ndarray]]:
    """Rounds of controls that are tried at once, each with the controls whose skin it may move."""
    if chosen:
        rows = [i for i, control in enumerate(controls) if control.region == chosen]
        return [{i: np.array(rows)} for i in rows]
    kinds = np.array([control.region.partition(".")[0] for control in controls])
    sides = np.array([control.region.partition(".")[2] for control in controls])
    upper, lower = (
        np.isin(kinds, ("eye", "brow")),
        np.isin(kinds, ("mouth", "chin", "jaw", "tongue")),
    )
    columns: list[list[tuple[int, np.ndarray]]] = [
        [
            (i, np.flatnonzero(upper & (sides == side)))
            for i in np.flatnonzero(upper & (sides == side))
        ]
        for side in ("L", "R")
    ]
    columns.append([(i, np.flatnonzero(~upper)) for i in np.flatnonzero(lower)])
    rounds = [dict(filter(None, row)) for row in zip_longest(*columns)]
    alone = np.flatnonzero(~upper & ~lower)
    return rounds + [{int(i): np.arange(len(controls))} for i in alone]


def solve_controls(
    measure: Measure, jacobian: np.ndarray, wanted: np.ndarray, start: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Locations of the controls that take the skin where it shall go.

    Args:
        measure: As for ``measure_jacobian``, with jaw and eyes as they are in this pose.
        jacobian: See there.
        wanted: float (n, 3), points.
        start: float (n, 3), locations to begin with.

    Returns:
        Locations and the points that they lead to, float64 (n, 3) both: damped least squares
        (Levenberg 1944) around the measured Jacobian, the best of a few rounds.
    """
    count = len(wanted)
    size = np.abs(jacobian).max()
    normal = jacobian.T @ jacobian + (_DAMPING * size) ** 2 * np.eye(3 * count)
    locations, points = start, measure(start)
    best, least = (locations, points), float(((wanted - points) ** 2).sum())
    near = (_GOOD * np.linalg.norm(wanted - points, axis=1).max()) ** 2
    for _ in range(_ROUNDS):
        step = np.linalg.solve(normal, jacobian.T @ (wanted - points).ravel())
        locations = locations + step.reshape(count, 3)
        points = measure(locations)
        error, before = float(((wanted - points) ** 2).sum()), least
        if error < least:
            best, least = (locations, points), error
        if error < near or error > _WORTH_IT * before:
            break
    return best


def without_noise(locations: np.ndarray) -> np.ndarray:
    """Locations with those next to nothing set to nothing."""
    length = np.linalg.norm(locations, axis=1)
    return np.where((length < _LEAST * length.max(initial=0.0))[:, None], 0.0, locations)


def _close_lids(fit: FaceFit, side: str) -> None:
    """In a blink the upper lid goes to where the lower one then is, whatever the eye's shape."""
    blink = f"eyeBlink{'Left' if side == 'L' else 'Right'}"
    upper = fit.rows(*(f"lid.T.{side}.{i:03d}" for i in (1, 2, 3)))
    corners = fit.rows(f"lid.B.{side}", f"lid.T.{side}")
    lower = fit.rows(*(f"lid.B.{side}.{i:03d}" for i in (1, 2, 3)))
    if blink not in fit.targets or len(corners) < 2 or not upper or not lower:
        return
    moved = fit.targets[blink]
    moved[corners] *= 0.2
    line = (fit.rest + moved)[[corners[0], *lower, corners[1]]]
    along = fit.rest[corners[1]] - fit.rest[corners[0]]
    places = line @ along
    order = np.argsort(places)
    for row in upper:
        at = fit.rest[row] @ along
        closed = [np.interp(at, places[order], line[order, axis]) for axis in range(3)]
        moved[row] = np.array(closed) - fit.rest[row]


def _slide_lids(fit: FaceFit, side: str, centre: np.ndarray) -> None:
    """Lids keep their distance from the middle of the eye."""
    rows = [i for i, control in enumerate(fit.controls) if control.region == f"eye.{side}"]
    arms = fit.rest[rows] - centre
    length = np.linalg.norm(arms, axis=1, keepdims=True)
    for moved in fit.targets.values():
        way = arms + moved[rows]
        moved[rows] = way * length / np.linalg.norm(way, axis=1, keepdims=True) - arms


def _close_lips(fit: FaceFit) -> None:
    """mouthClose on an open jaw brings the lips as near as they are at rest."""
    if not {"mouthClose", "jawOpen"} <= fit.targets.keys():
        return
    for side in ("", ".L.001", ".R.001"):
        rows = fit.rows(f"lip.T{side}", f"lip.B{side}")
        if len(rows) == 2:
            both = fit.targets["jawOpen"][rows] + fit.targets["mouthClose"][rows]
            fit.targets["mouthClose"][rows] += both.mean(axis=0) - both


def _spread(points: np.ndarray) -> float:
    return float(np.sqrt(((points - points.mean(0)) ** 2).sum(1).mean()))


def _jaw_motions(asset: HeadAsset) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Rotation vector and shift of the lower teeth's middle, by channel, the head's axes."""
    first, end = asset.parts["lower_teeth"]
    teeth = asset.vertices[first:end].astype(np.float64)
    found = {}
    for name in (*JAW_TURNS, *JAW_MOVES):
        moved = teeth + asset.deltas[name][first:end]
        _, turn, _ = fit_similarity(teeth, moved[None], np.ones(len(teeth)))
        found[name] = log_matrices(turn)[0], (moved - teeth).mean(axis=0)
    return found


def _surroundings(asset: HeadAsset, control: Control) -> tuple[np.ndarray, np.ndarray]:
    """Vertices around a place and their weights, which add up to 1.

    The way goes over the surface, so that no lip has a part in the other one's movement.
    """
    first, end = asset.parts[control.part]
    points = asset.vertices[first:end].astype(np.float64)
    start = int(np.linalg.norm(points - control.place, axis=1).argmin()) + first
    reach = 2 * control.radius
    ways, waiting = {start: 0.0}, [(0.0, start)]
    neighbours = _neighbours()
    while waiting:
        way, vertex = heapq.heappop(waiting)
        if way > ways[vertex]:
            continue
        for other in neighbours[vertex]:
            further = way + float(np.linalg.norm(asset.vertices[other] - asset.vertices[vertex]))
            if further <= reach and further < ways.get(other, np.inf):
                ways[other] = further
                heapq.heappush(waiting, (further, other))
    rows = np.array(list(ways))
    weights = np.exp(-0.5 * (np.array(list(ways.values())) / control.radius) ** 2)
    return rows, weights / weights.sum()


@cache
def _neighbours() -> list[list[int]]:
    """Vertices that share an edge with each vertex of the shipped head."""
    asset = load_asset()
    found: list[set[int]] = [set() for _ in range(len(asset.vertices))]
    first = 0
    for size in asset.face_sizes:
        corners = asset.face_vertices[first : first + size].tolist()
        for a, b in zip(corners, corners[1:] + corners[:1], strict=True):
            found[a].add(b)
            found[b].add(a)
        first += size
    return [sorted(others) for others in found]
