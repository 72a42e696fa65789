# SPDX-License-Identifier: GPL-3.0-or-later
"""How the default solver's network is made: heads, pictures, training (``train_solver``)."""
