# SPDX-License-Identifier: GPL-3.0-or-later
"""Conversion of Google's FaceLandmarker bundle to ONNX, used by ``tools/convert_mediapipe.py``."""
