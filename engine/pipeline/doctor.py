# SPDX-License-Identifier: GPL-3.0-or-later
"""What this machine can run, in facts that can be pasted into a bug report."""

from __future__ import annotations

import os
import platform
from importlib.util import find_spec

from ..core.onnx_session import available_providers
from ..core.packages import installed_packages
from ..models.catalog import verify_all
from ..tracking.catalog import available_engines


def examine() -> dict:
    """Look at packages, models and providers.

    Returns:
        JSON-able findings; ``ready`` tells whether tracking can run.
    """
    problems = [str(error) for _, error in verify_all() if error]
    providers = available_providers()
    return {
        "ready": bool(providers) and not problems and all(map(find_spec, ("av", "cv2"))),
        "system": platform.platform(),
        "python": platform.python_version(),
        "processors": os.cpu_count(),
        "packages": installed_packages(),
        "providers": providers,
        "engines": available_engines(),
        "model_problems": problems,
    }
