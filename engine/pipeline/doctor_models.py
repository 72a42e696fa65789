# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor's look at the models, and at the engines that need them."""

from __future__ import annotations

from ..core.findings import BLOCKED, NOTE, PROBLEM, Findings
from ..core.requests import DoctorRequest

# Without these no video is tracked; others only miss their own part.
FOR_TRACKING = frozenset(
    {"face_detector", "face_landmarks", "face_blendshapes", "face_geometry", "face_appearance"}
    | {"face_solver"}
)


def check_models(findings: Findings, _request: DoctorRequest) -> None:
    """Every file that ships and every one that was added, by its hash."""
    from ..models.catalog import verify_all

    results = verify_all()
    good = [model.id for model, error in results if error is None]
    findings.add("Models", "Shipped", f"{len(good)} of {len(results)} whole")
    for model, error in results:
        if error:
            worst = BLOCKED if model.id in FOR_TRACKING else PROBLEM
            findings.add("Models", model.id, error.message, worst, error.hint)
    findings.facts["models"] = {
        model.id: {"sha256": model.sha256, "problem": error and error.code}
        for model, error in results
    }
    findings.look("Models", "Added", lambda: _check_optional(findings))


def _check_optional(findings: Findings) -> None:
    from ..models.added import known_hash, state_of
    from ..models.optional import list_optional
    from ..models.records import records_problem

    if lost := records_problem():
        findings.add("Models", "Added", lost.message, PROBLEM, lost.hint)
    added = 0
    for model in list_optional():
        state = state_of(model)
        code = state.problem.code if state.problem else ""
        if state.there:
            added += 1
            findings.facts["models"][model.id] = {
                "sha256": known_hash(model),
                "problem": code or None,
            }
        if code == "licence-not-accepted":
            text = f"there, but its licence was not accepted ({model.licence})"
            findings.add("Models", model.id, text, NOTE, state.problem.hint)
        elif code not in ("", "model-not-there"):
            findings.add("Models", model.id, state.problem.message, PROBLEM, state.problem.hint)
        elif not code:
            findings.add("Models", model.id, f"added, whole ({model.licence})")
    if not (added or lost):
        findings.add("Models", "Added", "none")


def check_engines(findings: Findings, _request: DoctorRequest) -> None:
    """Which engines and detectors can be used."""
    from .engines import describe_engines

    described = describe_engines()
    findings.facts["engines"] = [one["id"] for one in described["engines"] if not one["missing"]]
    findings.facts["detectors"] = [
        one["id"] for one in described["detectors"] if not one["missing"]
    ]
    for kind, parts in described.items():
        ready = [one["id"] for one in parts if not one["missing"]]
        findings.add("Engines", f"{kind.capitalize()} ready", ", ".join(ready) or "none")
        waiting = [one["id"] for one in parts if one["missing"]]
        if waiting:
            text = ", ".join(waiting)
            advice = "The command `engines` tells what."
            findings.add("Engines", f"{kind.capitalize()} that lack", text, NOTE, advice)
