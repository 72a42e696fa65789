# SPDX-License-Identifier: GPL-3.0-or-later
"""What detectors and landmarkers of one network say of it."""

from __future__ import annotations

from ..core.inference.onnx_session import OnnxModel


class OnOneNetwork:
    """Base of the parts (``parts``) that run one network, kept in ``_model``."""

    _model: OnnxModel

    @property
    def provider(self) -> str:
        """What the network runs on."""
        return self._model.provider

    @property
    def notes(self) -> list[str]:
        """Why it does not run on what was asked for, or does no longer."""
        return list(self._model.notes)

    @property
    def batch(self) -> int:
        """Pictures that it likes to be asked for at once."""
        return self._model.batch
