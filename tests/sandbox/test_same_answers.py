"""Through the wire, its tools and a cut of their results, the analyst says what it says in process, word for word."""

import pytest

from tests.sandbox.asking import ask, in_process, our_tools, run_calls, sdk

CONVERSATIONS = [
    ("hi",),
    ("What's the price of AAPL?",),
    ("TSLA volume?",),
    ("Prices of AAPL, MSFT and NVDA",),
    ("Show me the AAPL chart",),
    ("Chart of TSLA over 3 months with RSI and MACD",),
    ("Chart PLTR with the 20-day average and Bollinger bands", "Here it is.", "and 5Y"),
    ("Show me charts of AAPL and NVDA",),
    ("What do the indicators say about QQQ?",),
    ("Where are the levels of IBM?",),
    ("Where would you enter IBM and where is the stop?",),
    ("Plan TSLA short with a $25,000 account and 2% risk",),
    ("Trade plan for AAPL", "Here it is.", "why that stop?"),
    ("Compare AAPL and GOOG",),
    ("Compare SPY, QQQ and BTC-USD over 2 years",),
    ("Compare AAPL and TSLA",),
    ("Any news on AAPL?",),
    ("How is the market?",),
    ("Which symbols do you have?",),
    ("What is the difference between a stop and a limit order?",),
    ("Price of FORD",),
    ("levels of KO",),
    ("Show me the chart of KO",),
    ("Should I put my rent money into TSLA?",),
    ("What's the weather?",),
    ("Where is the stop?",),
    ("",),
]


@pytest.mark.parametrize("said", CONVERSATIONS, ids=lambda said: said[-1])
async def test_the_answer_is_the_analysts_own(base_url: str, said: tuple[str, ...]) -> None:
    expected = await in_process(*said)
    assert expected
    async with sdk(base_url) as client:
        assert await ask(client, *said) == expected


async def test_calls_made_one_by_one_lead_to_the_same_answer(base_url: str) -> None:
    question = "Where would you enter IBM and where is the stop?"
    items: list[object] = [{"role": "user", "content": question}]
    n_calls = []
    async with sdk(base_url) as client:
        while True:
            response = await client.responses.create(
                model="m", input=items, tools=our_tools(), parallel_tool_calls=False
            )
            if response.output[0].type == "message":
                break
            n_calls.append(len(response.output))
            items += await run_calls(response)
    assert n_calls == [1, 1, 1, 1, 1]
    assert response.output_text == await in_process(question)
