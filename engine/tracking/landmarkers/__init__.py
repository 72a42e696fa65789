# SPDX-License-Identifier: GPL-3.0-or-later
"""Read one face: landmarks in MediaPipe's topology, whatever the network gives."""
