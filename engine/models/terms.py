# SPDX-License-Identifier: GPL-3.0-or-later
"""Which models' terms the person has agreed to."""

from __future__ import annotations

from datetime import UTC, datetime

from ..core.errors import FacewrightError
from .optional import OptionalModel, optional_model
from .records import change_record, known_records


def accept(model_id: str) -> OptionalModel:
    """The person agrees to a model's terms.

    Raises:
        FacewrightError: ``model-missing``, or what ``records.change_record`` raises.
    """
    model = optional_model(model_id)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    change_record(model.id, licence=model.licence, terms=model.terms, accepted=now)
    return model


def is_accepted(model: OptionalModel) -> bool:
    """Whether the person has agreed to the model's terms, as they are told now."""
    return accepts(known_records().get(model.id, {}), model)


def not_accepted(model: OptionalModel, hint: str) -> FacewrightError:
    """What is said where the terms were not agreed to: ``licence-not-accepted``."""
    return FacewrightError(
        f"The licence of the model {model.id} ({model.licence}) has not been accepted: "
        f"{model.terms}",
        hint,
        "licence-not-accepted",
    )


def accepts(record: dict, model: OptionalModel) -> bool:
    """Whether a record holds the agreement to a model's terms, as they are told now."""
    # Terms that were told otherwise are other terms.
    return bool(record.get("accepted")) and all(
        record.get(name) == getattr(model, name) for name in ("licence", "terms")
    )
