# SPDX-License-Identifier: GPL-3.0-or-later
"""Refuses a network that is not of the layout that an engine was written for."""

from __future__ import annotations

from ...core.errors import FacewrightError
from ...core.inference.onnx_session import OnnxModel
from .model_facts import FLOAT, facts, shape_text


def check_layout(model: OnnxModel, model_id: str, size: int, counts: tuple[int, ...]) -> int:
    """How many numbers the network's first output has for a picture.

    Args:
        model: Opened.
        model_id: Its id in the list of models, for the message.
        size: Side of the pictures that it must take, planes first.
        counts: How many numbers there may be.

    Raises:
        FacewrightError: ``model-layout``.
    """
    wanted = (1, 3, size, size)
    given, found = model.session.get_inputs(), model.session.get_outputs()[0]
    takes = len(given) == 1 and given[0].type == FLOAT and len(given[0].shape) == len(wanted)
    takes = takes and all(
        not isinstance(there, int) or there == want
        for there, want in zip(given[0].shape, wanted, strict=True)
    )
    last = found.shape[-1] if found.shape else None
    if not takes or not isinstance(last, int) or last not in counts:
        numbers = " or ".join(str(count) for count in counts)
        raise FacewrightError(
            f"The model {model_id} does not take {shape_text(wanted)} and give {numbers} numbers. "
            f"{facts(model)}",
            f"`python -m engine models remove {model_id}`, then add the right one "
            "(docs/morphable_engines.md in Facewright's source).",
            "model-layout",
        )
    return last
