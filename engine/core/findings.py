# SPDX-License-Identifier: GPL-3.0-or-later
"""What was found out about a machine, in lines that a person reads and a bug report carries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from .errors import FacewrightError
from .packages import absent_package
from .privacy import masked

# From good to bad. What is BLOCKED keeps tracking from running at all.
OK, NOTE, PROBLEM, BLOCKED = "ok", "note", "problem", "blocked"
_MARKS = {OK: " ", NOTE: "i", PROBLEM: "!", BLOCKED: "X"}
_NAME_WIDTH = 24


@dataclass(frozen=True)
class Finding:
    """One line.

    Attributes:
        topic: The heading that it stands under.
        name: What was looked at.
        text: What was found.
        state: ``OK``, ``NOTE``, ``PROBLEM`` or ``BLOCKED``.
        advice: What to do about it; empty where there is nothing to be done.
    """

    topic: str
    name: str
    text: str
    state: str = OK
    advice: str = ""


@dataclass
class DoctorReport:
    """All findings.

    Attributes:
        ready: Whether tracking can run.
        reasons: Why not, with what to do; empty where it can.
        findings: JSON objects, see ``Finding``.
        facts: The same in numbers, for programs.
        text: All of it, to be read and pasted.
        state: "complete" or "cancelled".
        warnings: Always empty.
    """

    ready: bool = False
    reasons: list[str] = field(default_factory=list)
    findings: list[dict] = field(default_factory=list)
    facts: dict = field(default_factory=dict)
    text: str = ""
    state: str = "complete"
    warnings: list[str] = field(default_factory=list)


class Findings:
    """Gathers findings under headings."""

    def __init__(self) -> None:
        self.all: list[Finding] = []
        self.facts: dict = {}

    def add(self, topic: str, name: str, text: object, state: str = OK, advice: str = "") -> None:
        """One more."""
        self.all.append(Finding(topic, name, str(text), state, advice))

    def look(self, topic: str, name: str, check: Callable[[], None], worst: str = PROBLEM) -> None:
        """Do a check; what it raises becomes a finding, so that the others are still done.

        Args:
            topic: Heading of what it raises.
            name: Name of what it raises.
            check: Adds its findings.
            worst: State of what it raises.
        """
        try:
            check()
        except FacewrightError as error:
            self.add(topic, name, error.message, worst, error.hint)
        except ModuleNotFoundError as error:
            if package := absent_package(error):
                state = worst if worst == BLOCKED else NOTE
                self.add(topic, name, f"not looked at, because {package} is missing", state)
            else:
                self.add(topic, name, str(error), worst, "Install Facewright again.")
        except Exception as error:  # noqa: BLE001 - a doctor must live to tell
            what = f"could not be looked at ({type(error).__name__}: {error})"
            self.add(topic, name, what, worst, "Please report this.")

    def report(self, title: str, mask: Callable[[str], str]) -> DoctorReport:
        """The report, masked.

        Args:
            title: What was examined, e.g. "Facewright 0.1.0".
            mask: See ``privacy.masker``.
        """
        found = [
            Finding(one.topic, one.name, mask(one.text), one.state, mask(one.advice))
            for one in self.all
        ]
        blocks, _ = _faults(found)
        return DoctorReport(
            ready=not blocks,
            reasons=[_reason(one) for one in blocks],
            findings=[asdict(one) for one in found],
            facts=masked(self.facts, mask),
            text=_as_text(mask(title), found),
        )


def failed_report(
    title: str,
    host: tuple[tuple[str, str], ...],
    error: FacewrightError,
    mask: Callable[[str], str],
) -> DoctorReport:
    """A report where no worker could make one: what is known outside it, and why.

    Args:
        title: What was examined.
        host: What Blender knows: name and text.
        error: Why there was no worker.
        mask: See ``privacy.masker``.
    """
    findings = Findings()
    findings.add("Worker", "Process", error.message, BLOCKED, error.hint)
    for name, text in host:
        findings.add("Blender", name, text)
    return findings.report(title, mask)


def _faults(found: list[Finding]) -> tuple[list[Finding], list[Finding]]:
    """What is BLOCKED and what is a PROBLEM; a sentence that several checks met is told once."""
    told, faults = set(), {BLOCKED: [], PROBLEM: []}
    for state, some in faults.items():
        for one in found:
            is_new = not one.text.endswith(".") or one.text not in told
            if one.state == state and is_new:
                told.add(one.text)
                some.append(one)
    return faults[BLOCKED], faults[PROBLEM]


def _reason(finding: Finding) -> str:
    text = finding.text if finding.text.endswith((".", "!", "?")) else f"{finding.text}."
    return f"{finding.name}: {text} {finding.advice}".strip()


def _as_text(title: str, found: list[Finding]) -> str:
    blocks, problems = _faults(found)
    verdict = "tracking cannot run" if blocks else "tracking can run"
    if problems and not blocks:
        few = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        verdict += f", with {few}"
    lines = [f"{title}: {verdict}"]
    lines += [f"  {_MARKS[one.state]} {_reason(one)}" for one in (*blocks, *problems)]
    topic = None
    for finding in found:
        if finding.topic != topic:
            topic = finding.topic
            lines += ["", topic]
        lines.append(f"{_MARKS[finding.state]} {finding.name:{_NAME_WIDTH}} {finding.text}")
        if finding.advice and finding.state == NOTE:
            lines.append(f"  {'':{_NAME_WIDTH}} {finding.advice}")
    return "\n".join(lines) + "\n"
