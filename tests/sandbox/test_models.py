"""`GET /models` and `/models/{id}`."""

from tests.sandbox.asking import sdk


async def test_models_say_when_they_are_shut_down(base_url: str) -> None:
    async with sdk(base_url) as client:
        listed = {model.id: model.shutdown_date async for model in client.models.list()}
        one = await client.models.retrieve("gpt-4o-mini")
    assert listed == {
        "gpt-6-luna": None,
        "gpt-6.1-terra": None,
        "gpt-6.1-sol": None,
        "gpt-4o": "2027-01-14",
        "gpt-4o-mini": "2027-01-14",
    }
    assert (one.id, one.object, one.shutdown_date) == ("gpt-4o-mini", "model", "2027-01-14")


async def test_any_other_model_answers_all_the_same(base_url: str) -> None:
    async with sdk(base_url) as client:
        response = await client.responses.create(model="made-up", input="hello")
    assert response.model == "sandbox/made-up"
