# SPDX-License-Identifier: GPL-3.0-or-later
"""An operator that has the worker make a take, or solve one anew, and then may write its keys."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..engine.core.requests import SolveRequest, TrackRequest
from ..scene.blocks import by_uid
from .keys import check_keys, show_keys, show_result, target_objects, write_keys
from .takes import refresh_takes
from .worker_operator import WorkerOperator


class JobOperator(WorkerOperator):
    """Mixin for operators that have the worker do something with a take, and then may write keys.

    Attributes:
        if_cancelled: What remains of a cancelled job, the end of a sentence.
    """

    if_cancelled = ""

    def request(self, context: bpy.types.Context) -> TrackRequest | SolveRequest:
        """What to ask of the worker; raises FacewrightError where that is not possible."""
        raise NotImplementedError

    def wants_keys(self, context: bpy.types.Context) -> bool:
        """Whether keys are written when the job is done."""
        raise NotImplementedError

    def remember(
        self,
        context: bpy.types.Context,
        scene: bpy.types.Scene,
        request: TrackRequest | SolveRequest,
    ) -> None:
        """Note what has come of the job in the settings of its scene and in the panel."""

    def lines(self, report: dict) -> list[str]:
        """What the worker's report says, the most important line first."""
        raise NotImplementedError

    def prepare(self, context: bpy.types.Context) -> TrackRequest | SolveRequest:
        """The request, after a check that what gets keys can be animated."""
        self._targets: list[int] | None = None
        if self.wants_keys(context):
            objects = target_objects(context, context.scene)
            check_keys(context.scene, objects)
            self._targets = [ob.session_uid for ob in objects]
        return self.request(context)

    def conclude(
        self,
        context: bpy.types.Context,
        scene: bpy.types.Scene,
        request: TrackRequest | SolveRequest,
        report: dict,
    ) -> None:
        """Write the keys that are wanted and tell the panel."""
        self.remember(context, scene, request)
        refresh_takes(context, select=Path(request.take))
        lines = self.lines(report)
        if self._targets is None:
            show_result(context, lines[0], [*lines[1:], *report["warnings"]])
            return
        found = [by_uid(scene.objects, uid) for uid in self._targets]
        objects = [ob for ob in found if ob is not None]
        keys = write_keys(scene, objects, Path(request.take))
        show_keys(context, keys, [*lines, *report["warnings"]])

    def cancelled(self, context: bpy.types.Context, _request: TrackRequest | SolveRequest) -> str:
        """What was tracked so far is in the take."""
        refresh_takes(context)
        return self.if_cancelled

    def remains(self, request: TrackRequest | SolveRequest) -> str:
        """The take."""
        return f"The take is safe: {request.take}"
