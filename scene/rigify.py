# SPDX-License-Identifier: GPL-3.0-or-later
"""Rigify faces of both generations: recognised, and the 52 poses made for them.

The rig is posed and looked at in a scene of its own, so nothing else is evaluated; afterwards it is
as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import bpy
import numpy as np
from mathutils import Matrix

from ..engine.core.arkit import NAMES, mirror_name
from ..engine.core.errors import FacewrightError
from ..engine.core.progress import Progress
from ..engine.retarget.mapping import Mapping
from ..engine.retarget.mirrored_pose import mirror_pose
from ..engine.retarget.poses import BonePose
from ..engine.retarget.rigify import (
    JAW_MOVES,
    JAW_TURNS,
    Control,
    FaceFit,
    eye_turns,
    face_controls,
    fit_face,
    jaw_turn,
    measure_jacobian,
    solve_controls,
    without_noise,
)
from ..engine.retarget.rotations import quaternions
from ..engine.retarget.turns import exp_matrices, log_quaternion
from . import keyframes
from .armatures import bone_axes

LEGACY, NEW = "legacy", "new"
_JAW = "jaw_master"
# Fewer controls than this are no face.
_FEWEST = 12


@dataclass(frozen=True)
class RigifyFace:
    """What was made of a rig's face.

    Attributes:
        generation: ``LEGACY`` (faces.super_face) or ``NEW`` (face.skin_...).
        mapping: The stored poses, with the rig's name; no rows.
        controls: Names of the controls in use.
        missing: ARKit names without a pose: the rig has nothing that could make them.
        errors: ARKit name -> how far the skin below the controls stays from where it shall go, as
            a share of the largest movement of the channel.
    """

    generation: str
    mapping: Mapping
    controls: tuple[str, ...]
    missing: tuple[str, ...]
    errors: dict[str, float]


def rigify_generation(rig: bpy.types.Object) -> str:
    """``LEGACY`` or ``NEW`` for an armature with a generated Rigify face, else empty."""
    if rig.type != "ARMATURE":
        return ""
    bones = rig.data.bones
    if not all(name in bones for name in ("ORG-face", _JAW, "ORG-eye.L", "eye.L", "eye.R")):
        return ""
    if len(face_controls(bones.keys())) < _FEWEST:
        return ""
    return NEW if "jaw_master_mouth" in bones or "eye_common" in bones else LEGACY


def make_rigify_poses(rig: bpy.types.Object, progress: Progress | None = None) -> RigifyFace:
    """Makes a pose of a generated Rigify face for each ARKit channel, in the rig's own size.

    Takes seconds. The rig itself stays as it is.

    Args:
        rig: The generated armature, not the meta-rig.
        progress: Told of every channel.

    Raises:
        FacewrightError: ``no-rigify-face``, ``linked-data``, ``edit-mode``, ``rig-still``.
        Cancelled: When ``progress`` says so.
    """
    generation = rigify_generation(rig)
    if not generation:
        raise FacewrightError(
            f'"{rig.name}" has no face that Rigify has generated.',
            "Choose the generated rig, not the meta-rig; for other rigs, pose it and store it.",
            "no-rigify-face",
        )
    if not rig.is_editable:
        raise FacewrightError(
            f'"{rig.name}" is linked from another file and cannot be posed here.',
            "Make a library override of it, or work in the file it is from.",
            "linked-data",
        )
    if rig.data.is_editmode:
        raise FacewrightError(
            f'"{rig.name}" is in Edit Mode, where its controls move nothing.',
            "Leave Edit Mode first.",
            "edit-mode",
        )
    progress = progress or Progress()
    controls = face_controls(rig.data.bones.keys())
    with _bench(rig) as bench:
        probe = _Probe(rig, bench, controls)
        bones = rig.data.bones
        eyes = {side: np.array(bones[f"ORG-eye.{side}"].head_local) for side in "LR"}
        solver = _Solver(rig, probe, fit_face(controls, probe.rest, eyes))
        # The open jaw comes before what stands on it.
        for done, name in enumerate(sorted(NAMES, key=lambda name: name != "jawOpen")):
            progress.step(done, len(NAMES))
            solver.solve(name)
    poses = {name: solver.poses[name] for name in NAMES if name in solver.poses}
    missing = tuple(name for name in NAMES if name not in poses)
    name = f"Rigify face ({generation}) of {rig.name}"
    note = "Made from the shipped head's shapes; pose and store any of them again to change it."
    mapping = Mapping(name=name, notes=note, poses=poses, poses_object=rig.name)
    names = tuple(control.name for control in controls)
    return RigifyFace(generation, mapping, names, missing, solver.errors)


class _Solver:
    """Finds one pose after the other.

    Args:
        rig: At rest, on the bench.
        probe: Measures it.
        fit: Where everything shall go.
    """

    def __init__(self, rig: bpy.types.Object, probe: _Probe, fit: FaceFit) -> None:
        self._probe, self._fit, self._axes = probe, fit, bone_axes(rig)
        self._still = np.zeros((len(fit.controls), 3))
        self._bases = _jaw_poses(rig, fit) | _eye_poses(rig, fit)
        self._step = 0.002 * fit.scale
        self._jacobian = measure_jacobian(probe.measure({}), fit.controls, self._step)
        self._open_jaw = self._still
        self.poses: dict[str, dict[str, BonePose]] = {}
        self.errors: dict[str, float] = {}

    def solve(self, name: str) -> None:
        """Make the pose of a channel; ``jawOpen`` comes before ``mouthClose``."""
        base, start = self._bases.get(name, {}), self._still
        wanted = self._fit.targets.get(name, self._still)
        if name == "mouthClose":  # only ever seen on an open jaw
            base, start = self._bases["jawOpen"], self._open_jaw
            wanted = wanted + self._fit.targets["jawOpen"]
        aim = self._fit.rest + wanted
        measure = self._probe.measure(base)
        found, points = self._mirrored(name), None
        if found is not None:
            points = measure(found)
        if points is None or self._error(points, aim) > 1.2 * self._twin_error(name) + 0.05:
            found, points = self._solve_controls(name, measure, wanted, start)
        self.errors[name] = self._error(points, aim)
        if name == "jawOpen":
            self._open_jaw = found
        if name == "mouthClose":
            base, found = {}, found - self._open_jaw
        pose = base | _as_pose(self._fit.controls, without_noise(found))
        if pose:
            self.poses[name] = pose

    def _solve_controls(self, name, measure, wanted, start) -> tuple[np.ndarray, np.ndarray]:
        rest, jacobian = self._fit.rest, self._jacobian
        if name.startswith("eyeBlink"):
            # A lid goes far around the eyeball, so what its controls do changes on the way.
            region = f"eye.{name.removeprefix('eyeBlink')[0]}"
            for share in (0.5, 1.0):
                start, _ = solve_controls(measure, jacobian, rest + share * wanted, start)
                jacobian = measure_jacobian(
                    measure, self._fit.controls, self._step, start, jacobian, region
                )
        return solve_controls(measure, jacobian, rest + wanted, start)

    def _mirrored(self, name: str) -> np.ndarray | None:
        """Locations from the pose of the other side, where that is done already."""
        other = self.poses.get(mirror_name(name))
        if other is None or mirror_name(name) == name:
            return None
        pose, _ = mirror_pose(other, self._axes)
        rest = BonePose()
        return np.array([pose.get(c.name, rest).location for c in self._fit.controls])

    def _twin_error(self, name: str) -> float:
        return self.errors.get(mirror_name(name), 0.0)

    def _error(self, points: np.ndarray, aim: np.ndarray) -> float:
        """The largest error, as a share of the largest way."""
        way = np.linalg.norm(aim - self._fit.rest, axis=1).max()
        return float(np.linalg.norm(points - aim, axis=1).max() / max(way, 1e-9))


def _as_pose(controls: list[Control], locations: np.ndarray) -> dict[str, BonePose]:
    return {
        control.name: BonePose(_numbers(location))
        for control, location in zip(controls, locations, strict=True)
        if location.any()
    }


def _jaw_poses(rig: bpy.types.Object, fit: FaceFit) -> dict[str, dict[str, BonePose]]:
    bone = rig.data.bones[_JAW]
    axes = np.array(bone.matrix_local.to_3x3().normalized())
    found = {}
    for name in (*JAW_TURNS, *JAW_MOVES):
        vector, shift = jaw_turn(fit, name, np.array(bone.head_local))
        turn = quaternions(exp_matrices(axes.T @ vector)[None])[0]
        found[name] = {_JAW: BonePose(_numbers(axes.T @ shift), _numbers(turn))}
    return found


def _eye_poses(rig: bpy.types.Object, fit: FaceFit) -> dict[str, dict[str, BonePose]]:
    """The eyes look at their targets, so a target goes where the turned eye looks."""
    found = {}
    for name, (side, vector) in eye_turns().items():
        bone = rig.data.bones[f"eye.{side}"]
        eye = rig.data.bones.get(f"ORG-eye.{side}")
        centre, aim = np.array(eye.head_local), np.array(bone.head_local)
        turned = exp_matrices(fit.turn @ vector) @ (aim - centre) + centre
        axes = np.array(bone.matrix_local.to_3x3().normalized())
        found[name] = {bone.name: BonePose(_numbers(axes.T @ (turned - aim)))}
    return found


def _numbers(values: np.ndarray) -> tuple[float, ...]:
    return tuple(round(float(value), 7) + 0.0 for value in values)


class _Probe:
    """Poses the rig and says where the skin below the controls is.

    Args:
        rig: At rest.
        bench: The scene that shows it.
        controls: The controls.
    """

    def __init__(
        self, rig: bpy.types.Object, bench: bpy.types.Scene, controls: list[Control]
    ) -> None:
        self._rig, self._layer = rig, bench.view_layers[0]
        self._controls = [rig.pose.bones[control.name] for control in controls]
        self._posed: set[str] = set()
        self._skin = [_skin_below(rig, control.name) for control in controls]
        face = rig.data.bones["ORG-face"].matrix_local
        self._face = np.array(face)
        self.rest = self._look()

    def measure(self, base: dict[str, BonePose]) -> Callable[[np.ndarray], np.ndarray]:
        """A function from the controls' locations to the skin's points, float (n, 3) both.

        Args:
            base: The pose of jaw and eyes meanwhile.
        """
        for name in self._posed - base.keys():
            self._rig.pose.bones[name].matrix_basis = Matrix()
        self._posed = set(base)
        for name, pose in base.items():
            matrix = np.eye(4)
            matrix[:3, :3] = _matrix_of(pose)
            matrix[:3, 3] = pose.location
            self._rig.pose.bones[name].matrix_basis = Matrix(matrix.tolist())

        def look(locations: np.ndarray) -> np.ndarray:
            for bone, location in zip(self._controls, locations, strict=True):
                bone.location = location.tolist()
            return self._look()

        return look

    def _look(self) -> np.ndarray:
        # Setting a bone has tagged the rig already; to tag it again doubles the time.
        self._layer.update()
        shown = self._rig.evaluated_get(self._layer.depsgraph).pose.bones
        points = np.array(
            [shown[name].tail if end else shown[name].head for name, end in self._skin]
        )
        # The body may stand in any pose: what counts is relative to the face.
        to_rest = self._face @ np.linalg.inv(np.array(shown["ORG-face"].matrix))
        return points @ to_rest[:3, :3].T + to_rest[:3, 3]


def _matrix_of(pose: BonePose) -> np.ndarray:
    return exp_matrices(log_quaternion(np.array(pose.rotation)))


def _skin_below(rig: bpy.types.Object, control: str) -> tuple[str, bool]:
    """The end of a deforming bone that lies where a control does, as (bone, is it the tail).

    The skin follows the deforming bones; a control whose place none shares stands for itself.
    """
    bones = rig.data.bones
    at = bones[control].head_local
    near = (bones["ORG-eye.L"].head_local - bones["ORG-eye.R"].head_local).length * 0.01
    deforming = [bone for bone in bones if bone.use_deform]
    # Where a bone begins is surer than where it ends, for not every bone stretches to its end.
    for point, is_tail in (("head_local", False), ("tail_local", True)):
        found = [((getattr(bone, point) - at).length, bone.name) for bone in deforming]
        far, name = min(found)
        if far < near:
            return name, is_tail
    return control, False


@contextmanager
def _bench(rig: bpy.types.Object) -> Iterator[bpy.types.Scene]:
    """A scene of its own that shows a rig at rest; the rig is as it was afterwards."""
    scene = bpy.data.scenes.new("Facewright bench")
    data = rig.animation_data
    kept = [(bone, _state(bone)) for bone in rig.pose.bones]
    action = keyframes.current_assignment(rig) if data else None
    nla = data.use_nla if data else False
    position = rig.data.pose_position
    # An object that is off in all viewports is not evaluated at all.
    is_off = rig.hide_viewport
    try:
        scene.collection.objects.link(rig)
        if data:
            keyframes.assign(rig, None, None)
            data.use_nla = False
        rig.data.pose_position = "POSE"
        rig.hide_viewport = False
        for bone, _ in kept:
            bone.matrix_basis = Matrix()
        yield scene
    finally:
        for bone, state in kept:
            for name, value in state.items():
                setattr(bone, name, value)
        rig.data.pose_position = position
        rig.hide_viewport = is_off
        if data:
            data.use_nla = nla
            keyframes.assign(rig, *action)
        bpy.data.scenes.remove(scene)
        rig.update_tag()


def _state(bone: bpy.types.PoseBone) -> dict[str, tuple]:
    names = ("location", "rotation_quaternion", "rotation_euler", "rotation_axis_angle", "scale")
    return {name: tuple(getattr(bone, name)) for name in names}
