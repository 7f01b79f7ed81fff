"""The labelled answers can be read, cover what they are to measure, and a bad entry is refused by name."""

import pytest

from apps.metrics.classifiers import Intent, labels
from apps.metrics.classifiers.labels import CLAIMS, BadLabel, labelled_answers


def test_every_entry_is_valid_and_none_stands_twice() -> None:
    answers = labelled_answers()
    assert len(answers) >= 200
    asked = [one.question for one in answers]
    assert sorted(set(asked)) == sorted(asked)


@pytest.mark.parametrize("held_out", [True, False])
def test_both_parts_hold_each_intent_and_each_claim_both_ways(held_out: bool) -> None:
    part = [one for one in labelled_answers() if one.held_out == held_out]
    assert {one.intent for one in part} == set(Intent)
    for column in CLAIMS.values():
        n_true = sum(column in one.claims for one in part)
        assert 9 <= n_true <= len(part) - 9


def test_a_third_is_held_out() -> None:
    answers = labelled_answers()
    assert sum(one.held_out for one in answers) / len(answers) == pytest.approx(1 / 3, abs=0.02)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ('question = "Hi"\nanswer = "Hello."\nclaims = ["advice"]', "claims are a list"),
        ('question = "Hi"\nanswer = "Hello."\nclaims = ["stop", "stop"]', "claims are a list"),
        ('question = "Hi"\nanswer = "Hello."', "claims are a list"),
        ('question = " "\nanswer = "Hello."\nclaims = []', "needs a question and an answer"),
        ('question = "Hi"\nclaims = []', "needs a question and an answer"),
        ('question = "Hi"\nanswer = ""\nclaims = ["stop"]', "an empty answer claims nothing"),
        ('question = "Hi"\nanswer = "Hello."\nclaims = []\nheldout = true', "there is no 'heldout'"),
        ('question = "Hi"\nanswer = "Hello."\nclaims = []\nheld_out = "yes"', "held_out is true or false"),
    ],
)
def test_a_bad_entry_is_refused_with_its_place(tmp_path, monkeypatch, entry: str, said: str) -> None:
    (tmp_path / "other.toml").write_text(f"[[answers]]\n{entry}\n")
    monkeypatch.setattr(labels, "FOLDER", tmp_path)
    with pytest.raises(BadLabel, match=f"^other.toml, entry 1: .*{said}"):
        labelled_answers()
