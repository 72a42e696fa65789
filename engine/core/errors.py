# SPDX-License-Identifier: GPL-3.0-or-later
"""The one exception class that a person ever reads."""

from pathlib import Path


class FacewrightError(Exception):
    """An expected failure, told in words for the person at the screen.

    Args:
        message: What is wrong, naming the file or object concerned. One sentence.
        hint: What to do about it. One sentence, or empty.
        code: A stable identifier for scripts and tests, in kebab-case, e.g. ``"file-missing"``.
    """

    def __init__(self, message: str, hint: str = "", code: str = "failed") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


def model_unreadable(path: Path) -> FacewrightError:
    """What is said of a shipped model's file whose contents are not what they should be."""
    return FacewrightError(
        f"The model file {path} cannot be read.",
        "`python -m engine models verify` checks every model file.",
        "model-corrupt",
    )
