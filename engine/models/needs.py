# SPDX-License-Identifier: GPL-3.0-or-later
"""What an engine or a detector still needs before it can be used."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from ..core.custom_file import hashes_in
from ..core.engines import CUSTOM_SUFFIX, PartInfo, detector_info, detector_of, engine_info
from .added import is_there, known_hash
from .catalog import list_models
from .optional import OptionalModel, how_to_get, optional_model
from .terms import is_accepted


def optional_models_of(info: PartInfo) -> list[OptionalModel]:
    """Those of its models that a person has to add."""
    shipped = {model.id for model in list_models()}
    return [optional_model(model_id) for model_id in info.models if model_id not in shipped]


def licences_of(info: PartInfo) -> list[str]:
    """The licences of its models, each once."""
    shipped = {model.id: model.licence for model in list_models()}
    found = [shipped.get(one) or optional_model(one).licence for one in info.models]
    return list(dict.fromkeys(found))


def hashes_of(engine: str, detector: str = "") -> dict[str, str]:
    """Id and sha256 of every model that ships, and of those that this engine and detector add.

    Of an engine of the person's own, the names and hashes of its two files.
    """
    found = {model.id: model.sha256 for model in list_models()}
    for info in (engine_info(engine), detector_info(detector_of(engine, detector))):
        if info:
            found |= {model.id: known_hash(model) for model in optional_models_of(info)}
    if engine.endswith(CUSTOM_SUFFIX):
        found |= hashes_in(Path(engine))
    return found


def missing_of(info: PartInfo) -> list[str]:
    """Sentences on what it still needs; empty where it can be used.

    Files are looked for, not hashed: that is done when they are used.
    """
    missing = [
        f"The package {name} is not installed."
        for name in info.packages
        if importlib.util.find_spec(name) is None
    ]
    for model in optional_models_of(info):
        if not is_there(model):
            missing.append(f"The model {model.id} is not there: {how_to_get(model)}")
        elif not is_accepted(model):
            missing.append(
                f"The licence of the model {model.id} ({model.licence}) has not been accepted: "
                f"`python -m engine models accept {model.id}`."
            )
    return missing
