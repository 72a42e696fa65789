# SPDX-License-Identifier: GPL-3.0-or-later
"""What a face looks like besides its landmarks, in a few hundred numbers.

The landmark network sees puffed cheeks, wrinkled noses and pressed lips, but its 478 points hardly
move with them. Its inner feature maps do. A linear map, trained with the solver, keeps the part
of them that tells expressions apart; it costs next to nothing and fits into a take.
"""

from __future__ import annotations

import numpy as np

from ..core.inference.onnx_session import OnnxModel

# 128 features at 8 x 8 and at 4 x 4 places.
MAPS = 128 * (64 + 16)


def appearance(model: OnnxModel, maps: np.ndarray) -> np.ndarray:
    """Appearance vectors.

    Args:
        model: ``face_appearance``.
        maps: float32 (T, 10240), feature maps of the landmark network.

    Returns:
        float32 (T, 256), each number of about unit variance over people and expressions.
    """
    (vectors,) = model.run(maps)
    return vectors
