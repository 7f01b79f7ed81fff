"""The figures that pages show are those of the rules as they stand, and are counted as the field counts them."""

import json
from io import StringIO

import pytest
from django.core.management import call_command

from apps.metrics.classifiers import CLASSIFIER_VERSION, Intent, quality
from apps.metrics.classifiers.labels import CLAIMS, Labelled
from apps.metrics.classifiers.scores import Judged, judge, score


def make_judged(*, labelled: str = "", read: str = "", intent: str = "other", read_as: str = "other") -> Judged:
    return Judged(
        labelled=Labelled(
            question="Hi", answer="Hello.", intent=Intent(intent), claims=frozenset(labelled.split()), held_out=False
        ),
        intent=Intent(read_as),
        claims=frozenset(read.split()),
    )


def test_the_kept_figures_are_those_of_the_present_rules() -> None:
    assert quality.quality() == quality.counted(), "run manage.py score_classifiers --write; is the version raised?"


def test_the_rules_are_good_enough_to_be_shown() -> None:
    held_out = quality.quality().held_out
    assert held_out.intents_right is not None
    assert held_out.intents_right.value >= 0.85
    for name, one in held_out.claims.items():
        assert one.precision is not None, name
        assert one.recall is not None, name
        assert min(one.precision.value, one.recall.value) >= 0.75, name


def test_precision_and_recall_count_what_was_found_and_what_is_there() -> None:
    stop = "mentions_stop_loss"
    judged = [
        *[make_judged(labelled=stop, read=stop)] * 6,
        *[make_judged(labelled=stop)] * 2,
        *[make_judged(read=stop)] * 1,
        *[make_judged()] * 11,
    ]
    one = score(judged).claims[stop]
    assert (one.n, one.positives, one.found, one.hits) == (20, 8, 7, 6)
    assert one.precision is not None
    assert one.recall is not None
    assert (one.precision.value, one.recall.value) == (6 / 7, 6 / 8)
    # Wilson's interval for 6 of 8, computed by hand.
    assert (round(one.recall.low, 3), round(one.recall.high, 3)) == (0.409, 0.929)


def test_nothing_found_and_nothing_there_have_no_rate() -> None:
    one = score([make_judged()]).claims["has_entry_exit"]
    assert (one.precision, one.recall) == (None, None)


def test_the_confusion_says_which_intent_is_taken_for_which() -> None:
    found = score([make_judged(intent="chart", read_as="analysis"), make_judged(intent="chart", read_as="chart")])
    assert found.confusion["chart"] == {name.value: int(name in ("analysis", "chart")) for name in Intent}
    assert sum(found.confusion["analysis"].values()) == 0
    assert found.intents_right is not None
    assert found.intents_right.value == 0.5


def test_a_mistake_says_what_was_read_otherwise() -> None:
    judged = make_judged(labelled="has_entry_exit", read="mentions_stop_loss", intent="chart", read_as="other")
    assert judged.mistakes == [
        "intent: labelled chart, read as other",
        "mentions_stop_loss: seen where it is not",
        "has_entry_exit: missed",
    ]
    assert make_judged(labelled="has_entry_exit", read="has_entry_exit").mistakes == []


def test_an_empty_answer_is_judged_to_claim_nothing() -> None:
    empty = Labelled(question="Hi", answer="", intent=Intent.OTHER, claims=frozenset(), held_out=False)
    assert judge([empty])[0].mistakes == []


def test_the_command_prints_every_classifier_of_both_parts() -> None:
    out = StringIO()
    call_command("score_classifiers", stdout=out)
    text = out.getvalue()
    assert text.startswith(f"Classifiers, version {CLASSIFIER_VERSION}: ")
    for name in (*CLAIMS.values(), *(f"intent {intent}" for intent in Intent)):
        assert text.count(f"\n{name} ") == 2
    assert "Mistakes" not in text


def test_the_command_lists_mistakes_and_those_held_out_only_when_asked_for(monkeypatch) -> None:
    known, unseen = (
        Labelled(question=asked, answer="No.", intent=Intent.CHART, claims=frozenset(), held_out=asked == "unseen")
        for asked in ("known", "unseen")
    )
    from apps.metrics.management.commands import score_classifiers

    monkeypatch.setattr(score_classifiers, "labelled_answers", lambda: [known, unseen])
    printed = {}
    for options in (("--mistakes",), ("--mistakes", "--held-out")):
        out = StringIO()
        call_command("score_classifiers", *options, stdout=out)
        printed[options[-1]] = [line for line in out.getvalue().splitlines() if line.startswith("- ")]
    line = "- intent: labelled chart, read as other: "
    assert printed == {"--mistakes": [f"{line}known"], "--held-out": [f"{line}known", f"{line}unseen"]}


def test_the_command_prints_json() -> None:
    out = StringIO()
    call_command("score_classifiers", "--json", stdout=out)
    found = json.loads(out.getvalue())
    assert found["version"] == CLASSIFIER_VERSION
    assert found["held_out"]["n"] == quality.quality().held_out.n
    one = found["held_out"]["claims"]["mentions_stop_loss"]
    assert one["recall"]["low"] <= one["recall"]["value"] <= one["recall"]["high"]
    assert set(found["tuned_on"]["intents"]) == set(Intent)


def test_the_command_keeps_the_figures_where_pages_read_them(tmp_path, monkeypatch) -> None:
    file = tmp_path / "quality.json"
    monkeypatch.setattr(quality, "FILE", file)
    quality.quality.cache_clear()
    with pytest.raises(FileNotFoundError):
        quality.quality()
    call_command("score_classifiers", "--write", stdout=StringIO())
    kept = quality.quality()
    quality.quality.cache_clear()
    monkeypatch.undo()
    assert kept == quality.quality()
