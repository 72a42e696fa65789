# SPDX-License-Identifier: GPL-3.0-or-later
"""The GPU runtime: another onnxruntime with its libraries, fetched when the person asks for it.

Only the worker ever loads it; see docs/gpu_runtime.md.
"""

from .status import status as status
