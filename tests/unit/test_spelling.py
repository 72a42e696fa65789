# SPDX-License-Identifier: GPL-3.0-or-later
"""From text to the phones that may be spoken for it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.errors import FacewrightError
from engine.core.phones import PHONES
from engine.speech import slots, variants, written_text
from engine.speech.slots import NOTHING, Slot

pytest.importorskip("espeakng_loader")

from engine.speech import espeak, spelling


def usual(text: str, language: str = "en") -> str:
    """The usual phones, words apart."""
    words = spelling.spell(text, language)
    return " ".join("".join(f"{s.main}." for s in w.slots if s.main)[:-1] for w in words)


def possible(text: str, language: str = "en") -> list[set[str]]:
    return [set(slot.options) for word in spelling.spell(text, language) for slot in word.slots]


def test_words_become_phones():
    assert (
        usual("Bob may feed them") == "p.o.p p.e.i f.i.t th.eh.p"
        or usual("Bob may feed them") == "p.a.p p.e.i f.i.t th.eh.p"
    )


def test_numbers_abbreviations_and_money_are_read_out():
    assert usual("Dr. Smith has 23 cats") == usual("Doctor Smith has twenty three cats")
    assert usual("It costs 4.50") == usual("It costs four point five zero")
    assert usual("50%") == usual("fifty percent")


def test_what_nobody_speaks_goes():
    plain = usual("hello my friend")
    assert usual("[sighs] hello my [looks up] friend") == plain
    assert usual("<i>hello</i> my {\\an8}friend ♪") == plain
    assert usual("ANNA: hello my friend") == plain
    assert usual("MAN 2: hello my friend") == plain


def test_round_brackets_and_other_names_may_be_spoken():
    words = spelling.spell("Anna: hello (softly) friend")
    assert [word.spoken for word in words] == [False, True, False, True]


def test_a_time_or_a_ratio_is_no_speaker():
    assert written_text.split_speaker("10:30 is too late") == ("", "10:30 is too late")
    assert written_text.split_speaker("see http://x.org")[0] == ""
    assert written_text.split_speaker("I say this: no")[0] == ""


def test_punctuation_marks_pauses_and_a_point_in_a_number_does_not():
    words = spelling.spell("Yes, it is 4.5 now. Good!")
    assert words[0].pause
    assert [word.pause for word in words][-2:] == [True, True]
    assert sum(word.pause for word in words) == 3


def test_function_words_may_be_weak():
    sets = possible("this and that")
    assert any({"t", NOTHING} <= options for options in sets)  # and
    assert any({"ae", "schwa"} <= options for options in sets)


def test_accents_stand_side_by_side():
    assert any({"o", "a"} <= options for options in possible("lot"))
    assert any({"r", NOTHING} <= options for options in possible("car"))


def test_the_usual_phone_costs_nothing_and_others_do():
    for word in spelling.spell("The birch canoe slid on the smooth planks"):
        for slot in word.slots:
            assert min(slot.options.values()) == 0
            assert set(slot.options) <= {*PHONES, NOTHING} - {"sil"}


@pytest.mark.parametrize(
    ("language", "text", "phones"),
    [
        ("es", "mesa", "p.e.s.a"),
        ("fr", "bonjour", "p.o.ch.u.k"),
        ("de", "Zeit", "s.a.i.t"),
        ("pt-br", "mapa", "p.a.p"),
        ("ja", "さくら", "s.a.k.u"),
        ("zh", "中国", "ch"),
        ("ko", "나무", "p"),
        ("ru", "мама", "p.a.p"),
    ],
)
def test_languages(language, text, phones):
    found = usual(text, language)
    assert phones in found.replace(" ", "."), found


def test_mandarin_tones_and_breath_are_no_phones():
    sets = possible("中国", "zh")
    assert not any("r" in options or "h" in options for options in sets)


def test_kanji_and_strange_letters_are_named():
    with pytest.raises(FacewrightError, match="kana") as caught:
        spelling.spell("今日は良い天気です", "ja")
    assert caught.value.code == "text-unreadable"
    with pytest.raises(FacewrightError, match="Привет"[:1]):
        spelling.spell("Привет", "en")


def test_a_foreign_word_in_a_long_text_is_left_out():
    text = "This is a rather long sentence of many words with one name, 東京, in the middle of it"
    assert len(spelling.spell(text)) == len(spelling.spell(text.replace("東京,", "")))


def test_an_unknown_language_is_named():
    with pytest.raises(FacewrightError, match="tlh") as caught:
        spelling.spell("hello", "tlh")
    assert caught.value.code == "language-unknown"


def test_a_region_that_espeak_does_not_have_is_its_language():
    assert spelling.voices_of("de-at") == ("de",)
    assert spelling.voices_of("EN_us") == ("en-us", "en")


def test_no_text_no_words():
    assert spelling.spell("") == []
    assert spelling.spell("... [laughs] - !") == []


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    try:
        for word in spelling.spell(text):
            assert word.slots
    except FacewrightError as error:
        assert error.code == "text-unreadable"


def test_a_long_path_is_copied(tmp_path):
    data = tmp_path / ("folder" * 30) / "espeak-ng-data"
    data.mkdir(parents=True)
    (data / "phontab").write_text("x", encoding="utf-8")
    short = espeak._short(data)
    assert len(str(short)) < 140
    assert (short / "phontab").read_text(encoding="utf-8") == "x"
    assert espeak._short(tmp_path / "a") == tmp_path / "a" or len(str(tmp_path)) > 138


def row(text: str) -> list[Slot]:
    return [Slot({phone: 0.0}) for phone in text.split()]


def test_two_pronunciations_in_one_row():
    merged, (first, second) = slots.merged(row("t a p r"), row("t o p"))
    assert [set(slot.options) for slot in merged] == [{"t"}, {"a", "o"}, {"p"}, {"r", NOTHING}]
    assert first == {0: 0, 1: 1, 2: 2, 3: 3}
    assert second == {0: 0, 1: 1, 2: 2}
    merged, _ = slots.merged([], row("s"))
    assert set(merged[0].options) == {"s", NOTHING}


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from(PHONES[1:]), max_size=8),
    st.lists(st.sampled_from(PHONES[1:]), max_size=8),
)
def test_both_pronunciations_can_be_spoken(first, second):
    merged, _ = slots.merged(row(" ".join(first)), row(" ".join(second)))
    for phones in (first, second):
        reached = {0}  # how many of the phones may be spoken by now
        for slot in merged:
            stayed = reached if NOTHING in slot.options else set()
            reached = stayed | {
                at + 1 for at in reached if at < len(phones) and phones[at] in slot.options
            }
        assert len(phones) in reached


def test_lips_close_early_for_the_next_sound():
    (word,) = variants.loosened([row("i n p u t")], "en")
    assert "p" in word[1].options
    (word,) = variants.loosened([row("i n t u")], "en")
    assert "p" not in word[1].options
