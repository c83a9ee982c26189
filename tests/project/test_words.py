"""The word list finds what it is for, and nothing in good sentences."""

from __future__ import annotations

import pytest

from tests.project import words


@pytest.mark.parametrize(
    "sentence",
    [
        "The hash is made anew.",
        "Whoever bears the token may read it.",
        "A session that is no more ends.",
        "Nothing is looked\nat twice.",
        "The key is kept in a file.",
    ],
)
def test_a_phrase_of_the_old_dialect_is_found(sentence: str) -> None:
    assert list(words.hits(sentence, words.phrases()))


def test_a_plain_sentence_passes() -> None:
    assert list(words.hits("Store the key in a file. No more than five codes.", words.phrases())) == []


def test_a_hit_names_its_line() -> None:
    assert list(words.hits("one\ntwo, anew", words.phrases())) == [(2, "anew")]
