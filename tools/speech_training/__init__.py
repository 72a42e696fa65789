# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the speech network: voices speak a corpus, a network learns to hear its phones."""
