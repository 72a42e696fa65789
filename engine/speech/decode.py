# SPDX-License-Identifier: GPL-3.0-or-later
"""From what was heard to what was spoken: the likeliest course of phones.

Viterbi's algorithm over the phones of ``core.phones`` (Rabiner, A Tutorial on Hidden Markov Models,
1989): a phone lasts some frames at least, and every change of phone has a price, so that a flicker
of the network does not become a movement of the lips.
"""

from __future__ import annotations

import itertools

import numpy as np

from ..core.cues import Cue
from ..core.phones import INDEX, PHONES
from .hearing import Heard

# Share of the frames of the corpus that each phone has (tools/train_speech.py), in the order of
# PHONES. What is rare has to be heard less clearly to be believed, or p and f would go under.
_PRIORS = (
    *(0.140, 0.053, 0.019, 0.006, 0.094, 0.056, 0.030, 0.070, 0.029, 0.064, 0.004, 0.041, 0.004),
    *(0.006, 0.008, 0.113, 0.034, 0.017, 0.008, 0.061, 0.015, 0.047, 0.046, 0.003, 0.033),
)
_PRIOR_POWER = 0.6
# What a watcher sees at once is believed a little sooner: most of all that the lips meet each other
# or the teeth, then that they are round or open. More for p would find few more closures and many
# false ones in noise.
_FAVOURS = {"p": 0.9, "f": 0.8} | dict.fromkeys(("w", "u", "o", "a", "ae", "ah", "eh"), 0.5)
_BELIEF = np.float32(-_PRIOR_POWER) * np.log(_PRIORS, dtype=np.float32)
_BELIEF[[INDEX[phone] for phone in _FAVOURS]] += np.float32(list(_FAVOURS.values()))
CHANGE_COST = 2.0
_SHORTEST = 3


def decode(heard: Heard) -> list[Cue]:
    """The cues of a recording, one for every phone, silences included, without gaps.

    Args:
        heard: Of the whole recording.

    Returns:
        Cues from 0 to the end of the recording; empty where nothing was heard.
    """
    if not len(heard):
        return []
    path = best_path(scores(heard.log_probs))
    edges = np.concatenate([[0], np.nonzero(np.diff(path))[0] + 1, [len(path)]])
    return [
        Cue.of_phone(PHONES[path[first]], first / 100, end / 100)
        for first, end in itertools.pairwise(edges)
    ]


def scores(log_probs: np.ndarray) -> np.ndarray:
    """How much each phone is believed in each frame, float32 (T, 25): its log-likelihood."""
    return log_probs + _BELIEF


def best_path(score: np.ndarray) -> np.ndarray:
    """The likeliest phone of every frame.

    Args:
        score: float (T, P), log-likelihood of each phone in each frame.

    Returns:
        int64 (T,).
    """
    count, phones = score.shape
    course = _Course(phones)
    course.begin(score[0])
    came_from = np.zeros((count, phones), np.int8)
    stayed = np.zeros((count, phones), bool)
    for t in range(1, count):
        came_from[t], stayed[t] = course.go_on(score[t])
    return _traced(course.state, came_from, stayed)


class _Course:
    """Viterbi's recursion over (how long a phone has lasted, phone).

    Attributes:
        state: float32 (shortest, P), score of the best course that has been in phone p for k + 1
            frames; in the last row for that or longer.
    """

    def __init__(self, phones: int) -> None:
        self.state = np.full((_SHORTEST, phones), -np.inf, np.float32)

    def begin(self, score: np.ndarray) -> None:
        """The first frame; its phone may have begun before it."""
        self.state[:] = score

    def go_on(self, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """One more frame: which phone each one was entered from, and which ones rather stayed."""
        state = self.state
        done = state[-1]
        best = int(done.argmax())
        # A phone does not follow itself: the best one is entered from the second best.
        others = done.copy()
        others[best] = -np.inf
        second = int(others.argmax())
        source = np.full(len(score), best, np.int8)
        source[best] = second
        enter = done[source] - CHANGE_COST
        stayed = done >= state[-2]
        last = np.maximum(done, state[-2])
        state[1:-1] = state[:-2]
        state[0] = enter
        state[-1] = last
        state += score
        return source, stayed


def _traced(state, came_from, stayed) -> np.ndarray:
    count = len(came_from)
    path = np.empty(count, np.int64)
    # A phone that began too late to last is as good as one that lasted.
    best = state.max(0)
    phone = int(best.argmax())
    depth = int(state[:, phone].argmax())
    for t in range(count - 1, -1, -1):
        path[t] = phone
        if depth == _SHORTEST - 1 and stayed[t, phone]:
            continue
        if depth > 0:
            depth -= 1
        else:
            phone, depth = int(came_from[t, phone]), _SHORTEST - 1
    return path
