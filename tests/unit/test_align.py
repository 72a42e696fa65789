# SPDX-License-Identifier: GPL-3.0-or-later
"""Alignment of a text, on what a network would have heard if it had heard the truth."""

import functools
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.errors import FacewrightError
from engine.core.phones import INDEX, PHONES
from engine.speech import align, anchors, matching, segmental
from engine.speech.hearing import Heard
from engine.speech.lattice import EMPTY, FILLER, SILENCE, lattice
from engine.speech.slots import NOTHING, Slot
from engine.speech.spelling import Word
from engine.speech.subtitles import Block

pytest.importorskip("espeakng_loader")

SENTENCE = "The birch canoe slid on the smooth planks before my brother bumped it"
OTHER = "Nobody knew why seven yellow goats were laughing at a queer old window"
THIRD = "Please remember that five good friends can share one big apple pie"


@functools.cache
def spoken(text: str, pause: int = 20) -> tuple[tuple[str, int], ...]:
    """The usual phones of a text and how many frames each lasts, with silence around."""
    rng = np.random.default_rng(len(text))
    said = [("sil", pause)]
    for word in align.words_of(text, "en"):
        said += [(s.main, int(rng.integers(5, 14))) for s in word.slots if s.main != NOTHING]
    return (*said, ("sil", pause))


def heard(said, seed=0, confusion=0.15) -> Heard:
    """The probabilities of a network that takes some phones for others."""
    rng = np.random.default_rng(seed)
    rows = []
    for phone, frames in said:
        probabilities = np.full(len(PHONES), 0.01)
        probabilities[INDEX[phone]] += rng.uniform(0.3, 0.9)
        if rng.random() < confusion:
            probabilities[rng.integers(len(PHONES))] += 0.9
        rows += [probabilities + rng.uniform(0, 0.05, len(PHONES)) for _ in range(frames)]
    table = np.array(rows)
    table /= table.sum(1, keepdims=True)
    frames = len(table)
    return Heard(
        np.log(table).astype(np.float32),
        np.full(frames, -20, np.float32),
        np.zeros((frames, 40), np.float32),
    )


def agreement(cues, said) -> float:
    """Share of the frames that have their phone."""
    truth = [phone for phone, frames in said for _ in range(frames)]
    found = ["" for _ in truth]
    for cue in cues:
        for frame in range(round(cue.start * 100), round(cue.end * 100)):
            found[frame] = cue.phone
    return float(np.mean([a == b for a, b in zip(truth, found, strict=True)]))


def test_the_text_corrects_what_was_heard_wrongly():
    said = spoken(SENTENCE)
    listened = heard(said, confusion=0.4)
    cues = align.align(listened, SENTENCE)
    best = listened.log_probs.argmax(1)
    truth = np.array([INDEX[p] for p, frames in said for _ in range(frames)])
    assert agreement(cues, said) > 0.9 > (best == truth).mean() + 0.1


def test_cues_cover_the_recording_without_gaps_and_no_phone_follows_itself():
    said = spoken(SENTENCE)
    cues = align.align(heard(said), SENTENCE)
    assert cues[0].start == 0
    assert cues[-1].end == pytest.approx(sum(frames for _, frames in said) / 100)
    for before, after in itertools.pairwise(cues):
        assert before.end == after.start
        assert before.phone != after.phone


def test_another_text_does_not_match():
    for seed in range(4):
        with pytest.raises(FacewrightError) as caught:
            align.align(heard(spoken(SENTENCE), seed), OTHER)
        assert caught.value.code == "text-mismatch"


def test_noise_does_not_match():
    rng = np.random.default_rng(3)
    frames = 500
    noise = Heard(
        np.log(rng.dirichlet(np.ones(25), frames)).astype(np.float32),
        np.zeros(frames, np.float32),
        np.zeros((frames, 40), np.float32),
    )
    with pytest.raises(FacewrightError, match="does not match"):
        align.align(noise, SENTENCE)


def test_what_the_text_does_not_have_is_decoded_without_it():
    said = (*spoken(SENTENCE), *spoken(OTHER), *spoken(THIRD))
    cues = align.align(heard(said, confusion=0.0), f"{SENTENCE}. {THIRD}.")
    assert agreement(cues, said) > 0.9


def test_what_is_not_spoken_is_left_out():
    said = (*spoken(SENTENCE), *spoken(THIRD))
    cues = align.align(heard(said), f"{SENTENCE}. {OTHER}. {THIRD}.")
    assert agreement(cues, said) > 0.9


def test_an_empty_recording():
    nothing = Heard(
        np.empty((0, 25), np.float32), np.empty(0, np.float32), np.empty((0, 40), np.float32)
    )
    assert align.align(nothing, SENTENCE) == []


def test_a_recording_that_is_too_short_for_its_text_does_not_match():
    with pytest.raises(FacewrightError, match="does not match"):
        align.align(heard((("sil", 4),)), SENTENCE)


def test_subtitles_choose_between_two_places():
    # The same words twice; the subtitle says which of them is meant.
    said = (*spoken(THIRD), *spoken(OTHER), *spoken(THIRD))
    length = sum(frames for _, frames in spoken(THIRD)) / 100
    whole = sum(frames for _, frames in said) / 100
    listened = heard(said)
    block = Block(THIRD, whole - length, whole)
    words = align.words_of([block], "en")
    graph = lattice(words)
    steps = align._steps(words, graph, align.relative(listened))
    begun = [step.first for step in steps if step.arc.phone >= 0 and step.arc.phone != SILENCE]
    assert min(begun) > (whole - length - 0.7) * 100


def long_text(sentences: int) -> str:
    rng = np.random.default_rng(5)
    words = np.array(f"{SENTENCE} {OTHER} {THIRD}".split())
    return ". ".join(" ".join(rng.permutation(words)[:12]) for _ in range(sentences))


def test_a_long_recording_is_searched_near_its_anchors():
    text = long_text(25)
    said = spoken(text)
    listened = heard(said, confusion=0.3)
    assert len(listened) > 2 * align._SHORT
    words = align.words_of(text, "en")
    graph = lattice(words)
    score = align.relative(listened)
    found = anchors.anchors(words, graph, score)
    open_to = anchors.windows(graph, found, len(score))
    assert (np.diff(found, axis=0) > 0).all()
    assert (open_to[:, 1] - open_to[:, 0]).mean() < 900
    assert agreement(align.align(listened, text), said) > 0.9


def test_windows_without_anchors_are_open():
    graph = lattice([Word((Slot({"p": 0.0}),))])
    none = np.empty((0, 2), np.int64)
    assert (anchors.windows(graph, none, 50) == [0, 50]).all()


def _slow(graph, score, filler_cost):
    """The best score by trying everything."""
    count = len(score)
    best = np.full((len(graph.arcs), count + 1), -np.inf)
    best[0, 0] = 0
    for joint in range(1, len(graph.arcs)):
        for arc in graph.arcs[joint]:
            for end in range(count + 1):
                if arc.phone == EMPTY:
                    value = best[arc.source, end] - arc.cost
                    best[joint, end] = max(best[joint, end], value)
                    continue
                for first in range(end - segmental._shortest(arc.phone) + 1):
                    best[joint, end] = max(
                        best[joint, end],
                        best[arc.source, first] + _arc(arc, first, end, score, filler_cost),
                    )
    return best[-1, -1]


def _arc(arc, first, end, score, filler_cost):
    if arc.phone == EMPTY:
        return -arc.cost
    if arc.phone == FILLER:
        return -arc.cost - filler_cost * (end - first)
    value = score[first:end, arc.phone].sum() - arc.cost
    if arc.phone == SILENCE:
        return value
    lengths, longest = segmental._LENGTHS[arc.phone][1], segmental._LONGEST
    over = max(0, end - first - longest)
    return value + lengths[max(0, longest - (end - first))] - segmental._TAIL * over


@settings(max_examples=8, deadline=None)
@given(
    st.lists(st.sampled_from(PHONES[1:]), min_size=1, max_size=4),
    st.integers(8, 60),
    st.integers(0, 10_000),
)
def test_the_best_way_is_the_best(phones, frames, seed):
    rng = np.random.default_rng(seed)
    slots = tuple(
        Slot({phone: 0.0, NOTHING: float(rng.uniform(0, 1)), "t": 0.2}) for phone in phones
    )
    graph = lattice([Word(slots[:2]), Word(slots[2:] or slots[:1])])
    score = -rng.gamma(1.0, 1.0, (frames, len(PHONES))).astype(np.float32)
    everywhere = np.tile([0, frames], (len(graph.arcs), 1))
    everywhere[0] = 0
    steps = segmental.best_way(graph, score, everywhere, 0.7)
    value = sum(_arc(step.arc, step.first, step.end, score, 0.7) for step in steps)
    assert value == pytest.approx(_slow(graph, score, 0.7), abs=1e-2)
    assert steps[0].first == 0
    assert steps[-1].end == frames
    assert all(a.end == b.first for a, b in itertools.pairwise(steps))


def test_runs_of_words_are_what_counts():
    left_out = np.array([0, 0, 0, 0, 1, 0, 0, 0, 0], bool)
    broken = np.zeros(10, bool)
    assert matching._runs(left_out, broken).tolist() == [True] * 4 + [False] + [True] * 4
    broken[7] = True
    assert matching._runs(left_out, broken).tolist() == [True] * 4 + [False] * 5


@pytest.mark.parametrize("text", ["...", "\N{GRINNING FACE}", "[laughs]"])
def test_a_text_without_a_word_is_told(text):
    with pytest.raises(FacewrightError) as caught:
        align.align(heard((("sil", 20), ("a", 20))), text)
    assert caught.value.code == "text-mismatch" and "no words" in caught.value.message
