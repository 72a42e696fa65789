# SPDX-License-Identifier: GPL-3.0-or-later
"""What a model file really has, and which of its outputs a description means."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from ...core.errors import FacewrightError
from ...core.inference.onnx_session import OnnxModel
from .description import LANDMARK_COUNTS, Description, Output

FLOAT = "tensor(float)"


def shape_text(shape: Sequence) -> str:
    """A shape in words: ``(1, 3, height, width)``."""
    return f"({', '.join(str(side) if side is not None else '?' for side in shape)})"


def facts(model: OnnxModel) -> str:
    """One sentence: every input and output with its shape."""

    def listed(tensors) -> str:
        return "; ".join(f"{t.name!r} {shape_text(t.shape)} {_kind(t.type)}" for t in tensors)

    session = model.session
    return (
        f"The model has the input {listed(session.get_inputs())} "
        f"and the outputs {listed(session.get_outputs())}."
    )


def check_input(description: Description, model: OnnxModel, where: str) -> None:
    """Refuse a model that does not take the picture described.

    Args:
        description: What was described.
        model: Opened.
        where: Begins the error's sentence.

    Raises:
        FacewrightError: ``model-layout``.
    """
    picture, inputs = description.picture, model.session.get_inputs()
    if len(inputs) != 1:
        raise _unlike(f"{where}a model with one input is needed.", model)
    (given,) = inputs
    if picture.name and given.name != picture.name:
        raise _unlike(f"{where}there is no input named {picture.name!r}.", model)
    if given.type != FLOAT:
        raise _unlike(f"{where}the input must be float32, not {_kind(given.type)}.", model)
    side = picture.size
    wanted = (1, side, side, 3) if picture.channels_last else (1, 3, side, side)
    fits = len(given.shape) == 4 and all(
        not isinstance(there, int) or there <= 0 or there == want
        for there, want in zip(given.shape, wanted, strict=True)
    )
    if not fits:
        raise _unlike(f"{where}the input described is {shape_text(wanted)}.", model)


def choose_outputs(
    description: Description, model: OnnxModel, where: Callable[[Output], str]
) -> list[int | None]:
    """The number of the model's output for each one described; None for one it may lack.

    Args:
        description: What was described.
        model: Opened.
        where: Begins an error's sentence about an output.

    Raises:
        FacewrightError: ``model-layout`` where there is none, or more than one that fits.
    """
    tensors = model.session.get_outputs()
    names = [tensor.name for tensor in tensors]
    chosen: list[int | None] = []
    for output in description.outputs:
        if output.name:
            if output.name not in names:
                raise _unlike(f"{where(output)}there is no output named {output.name!r}.", model)
            number = names.index(output.name)
        elif output.index is not None:
            if not 0 <= output.index < len(names):
                raise _unlike(f"{where(output)}there is no output number {output.index}.", model)
            number = output.index
        else:
            number = _by_count(description, output, model, where)
        if number is not None and not _may_be(output, tensors[number].shape):
            raise _unlike(
                f"{where(output)}{output.meaning} need {_wanted(output)}, but the output "
                f"{names[number]!r} is {shape_text(tensors[number].shape)}.",
                model,
            )
        chosen.append(number)
    return chosen


def _by_count(
    description: Description, output: Output, model: OnnxModel, where: Callable[[Output], str]
) -> int | None:
    """The one output that fits and that no other description names."""
    taken = {other.name for other in description.outputs if other.name}
    indices = {other.index for other in description.outputs if other.index is not None}
    fitting = [
        number
        for number, tensor in enumerate(model.session.get_outputs())
        if tensor.name not in taken
        and number not in indices
        and _may_be(output, tensor.shape, surely=True)
    ]
    if len(fitting) == 1:
        return fitting[0]
    if not fitting and output.optional:
        return None
    found = "No output fits" if not fitting else "More than one output fits"
    raise _unlike(
        f"{where(output)}{found} {output.meaning} ({_wanted(output)}); give its name.", model
    )


def _may_be(output: Output, shape: Sequence, surely: bool = False) -> bool:
    """Whether an output of this shape can have the meaning.

    Args:
        output: What is meant.
        shape: The model's; a text or None is free.
        surely: Free sides other than the first count as unknown, which is no.
    """
    if output.meaning in LANDMARK_COUNTS and output.units == "heatmaps":
        planes = shape[1] if len(shape) == 4 else 0
        free = not isinstance(planes, int)
        return (free and not surely) or (not free and planes >= LANDMARK_COUNTS[output.meaning])
    sides = list(shape)
    if sides and not isinstance(sides[0], int):
        sides[0] = 1
    if not all(isinstance(side, int) for side in sides):
        return not surely
    return math.prod(sides) == output.count


def _wanted(output: Output) -> str:
    if output.meaning in LANDMARK_COUNTS and output.units == "heatmaps":
        return f"{LANDMARK_COUNTS[output.meaning]} heat maps"
    return f"{output.count} numbers" if output.count != 1 else "one number"


def _kind(kind: str) -> str:
    names = {FLOAT: "float32", "tensor(float16)": "float16", "tensor(double)": "float64"}
    return names.get(kind, kind.removeprefix("tensor(").removesuffix(")"))


def _unlike(message: str, model: OnnxModel) -> FacewrightError:
    return FacewrightError(message, facts(model), "model-layout")
