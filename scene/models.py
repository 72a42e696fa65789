# SPDX-License-Identifier: GPL-3.0-or-later
"""The models that a person adds, looked at from Blender."""

from __future__ import annotations

import importlib.util
import os

import bpy

from ..engine.core.engines import ENGINES
from ..engine.core.errors import FacewrightError
from ..engine.core.home import VARIABLE
from ..engine.models.added import is_there
from ..engine.models.adding import add, remove
from ..engine.models.optional import OptionalModel, list_optional, optional_model
from ..engine.models.terms import accept, is_accepted
from .user_folder import user_folder

__all__ = [
    "OptionalModel",
    "accept",
    "add",
    "announce_home",
    "check_online",
    "look_at_models",
    "missing_packages",
    "optional_model",
    "remove",
]


def announce_home() -> None:
    """Let this process and the worker keep models, runtime and caches in the extension's folder."""
    os.environ.setdefault(VARIABLE, str(user_folder(make=False)))


def look_at_models() -> list[tuple[OptionalModel, bool, bool]]:
    """Every model that can be added, whether its terms are accepted, and whether it is there."""
    return [(model, is_accepted(model), is_there(model)) for model in list_optional()]


def missing_packages() -> set[str]:
    """Packages that engines ask for and that Blender's Python lacks."""
    packages = {package for info in ENGINES for package in info.packages}
    return {package for package in packages if importlib.util.find_spec(package) is None}


def check_online() -> None:
    """Blender's own preference decides whether anything may be fetched.

    Raises:
        FacewrightError: ``offline``.
    """
    if not bpy.app.online_access:
        raise FacewrightError(
            "Blender may not go online.",
            "Allow Online Access in Preferences > System, or add the file by hand.",
            "offline",
        )
