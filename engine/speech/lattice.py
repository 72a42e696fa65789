# SPDX-License-Identifier: GPL-3.0-or-later
"""Words as a graph: joints, and arcs between them on which a phone is spoken.

Joints are numbered so that every arc goes from a lower to a higher one. At a joint a phone ends and
the next one begins. Any word may be left out for a price, and between two words there may be
silence or something that the text does not have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..core.phones import INDEX
from .slots import NOTHING
from .spelling import Word

# Marks instead of a phone's index.
EMPTY, FILLER = -1, -2
SILENCE = INDEX["sil"]
# Prices in natural logarithms, set on the training voices.
SKIP_COST = 30.0
PAUSE_COST = 1.5
FILLER_COST = 80.0
# The frames of a phone are heard together, so its likelihood counts several times; what a variant
# costs must keep up with it.
VARIANT_WEIGHT = 8.0


@dataclass(frozen=True)
class Arc:
    """From ``source`` to the joint that holds the arc.

    Attributes:
        source: A joint.
        phone: Index in ``PHONES``, ``EMPTY`` or ``FILLER``.
        cost: Natural logarithm, 0 or more.
        skips: Whether a word is left out here that should be spoken.
    """

    source: int
    phone: int
    cost: float
    skips: bool = False


@dataclass
class Lattice:
    """The graph of a text.

    Attributes:
        arcs: By joint, the arcs that end there; joint 0 is the beginning and has none.
        begins, ends: The joints of each word.
    """

    arcs: list[list[Arc]] = field(default_factory=lambda: [[]])
    begins: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)

    def joint(self, *arcs: Arc) -> int:
        """Add a joint; its number."""
        self.arcs.append(list(arcs))
        return len(self.arcs) - 1

    @property
    def last(self) -> int:
        """The joint at the end."""
        return len(self.arcs) - 1


def lattice(words: Sequence[Word]) -> Lattice:
    """The graph of the words in order, with room for silence before, between and after them."""
    graph = Lattice()
    _gap(graph, 0.0)
    for word in words:
        begin = graph.last
        for slot in word.slots:
            last = graph.last
            graph.joint(
                *(
                    Arc(
                        last,
                        EMPTY if phone == NOTHING else INDEX[phone],
                        cost * VARIANT_WEIGHT,
                    )
                    for phone, cost in slot.options.items()
                )
            )
        price = SKIP_COST if word.spoken else 0.0
        graph.arcs[graph.last].append(Arc(begin, EMPTY, price, word.spoken))
        graph.begins.append(begin)
        graph.ends.append(graph.last)
        _gap(graph, 0.0 if word.pause else PAUSE_COST)
    return graph


def _gap(graph: Lattice, pause_cost: float) -> None:
    last = graph.last
    graph.joint(
        Arc(last, EMPTY, 0.0),
        Arc(last, SILENCE, pause_cost),
        Arc(last, FILLER, FILLER_COST),
    )
