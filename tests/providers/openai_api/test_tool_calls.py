"""Each call of a turn has an id of its own, whatever a server numbers it."""

from apps.providers.openai_api.model_text import NAME_CHARACTERS
from apps.providers.openai_api.tool_calls import CallIds


def test_a_call_keeps_the_id_of_the_model_until_another_has_it() -> None:
    ids = CallIds()
    assert [ids.own(given) for given in ("a", "b", "a", "a")] == ["a", "b", "a_2", "a_3"]


def test_an_id_that_is_no_use_is_replaced_and_every_id_fits_its_column() -> None:
    ids = CallIds()
    longest = "x" * NAME_CHARACTERS
    given = ["", longest + "x", longest, longest, longest]
    own = [ids.own(call_id) for call_id in given]
    assert own[:3] == ["call", "call_2", longest]
    assert len(set(own)) == len(own)
    assert max(map(len, own)) <= NAME_CHARACTERS
