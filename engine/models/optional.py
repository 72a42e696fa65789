# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of the models that a person adds: what they are, their terms, where they come from.

They are not shipped, most of them because their licence forbids it. ``terms.py`` keeps which were
agreed to, ``added.py`` and ``adding.py`` the files.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import FacewrightError
from .lists import read_list

LIST = Path(__file__).resolve().parents[2] / "weights" / "optional.toml"


@dataclass(frozen=True)
class OptionalModel:
    """One entry of ``weights/optional.toml``.

    Attributes:
        id: The name that the engine asks for.
        file: File name inside ``records.folder()``. Where the hash is not known, what is added
            keeps its own ending.
        licence: SPDX identifier, or the licence's name.
        terms: What the licence means for whoever uses the model, one sentence.
        about: What the model does, one sentence.
        origin: Whose it is and where it is published.
        url: Where it can be fetched; empty where the person has to get it.
        bytes: Size of the file; 0 where what the person adds is taken as it is.
        sha256: Hash of the file, lower-case hexadecimal; empty likewise.
    """

    id: str
    file: str
    licence: str
    terms: str
    about: str
    origin: str
    url: str = ""
    bytes: int = 0
    sha256: str = ""


@functools.cache
def list_optional(path: Path = LIST) -> tuple[OptionalModel, ...]:
    """Every optional model, in the list's order.

    Raises:
        FacewrightError: See ``lists.read_list``.
    """
    return tuple(read_list(path, OptionalModel))


def optional_model(model_id: str) -> OptionalModel:
    """An entry of the list by its id.

    Raises:
        FacewrightError: ``model-missing`` where there is none of that name.
    """
    for model in list_optional():
        if model.id == model_id:
            return model
    raise FacewrightError(
        f"No model that can be added is named {model_id!r}.",
        "`python -m engine models list` names them all.",
        "model-missing",
    )


def how_to_get(model: OptionalModel) -> str:
    """What a person does to have a model, one sentence."""
    if model.url:
        return f"`python -m engine models fetch {model.id}` fetches it ({model.licence})."
    return (
        f"Get it from {model.origin}, then `python -m engine models add {model.id} FILE` "
        f"({model.licence})."
    )
