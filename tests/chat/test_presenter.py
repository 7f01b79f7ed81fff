"""A stored turn becomes what the page shows: links, lines, figures, sources, and what to do when it failed."""

from dataclasses import dataclass

import pytest

from apps.chat.presenter import turn_view
from apps.market.values import Kind
from apps.providers.sidecar import ChartView, Fact, Sidecar
from tests.chat.turn_examples import (
    REQUEST_ID,
    make_bars,
    make_call,
    make_chart_turn,
    make_comparison_turn,
    make_plan,
    make_plan_turn,
    make_turn,
)


def test_a_number_links_to_the_line_of_the_tool_call_it_repeats() -> None:
    view = turn_view(make_chart_turn(), is_staff=False)
    (line,) = view.tools
    assert line.anchor == f"call-{REQUEST_ID}-c1"
    assert f'href="#{line.anchor}"' in view.answer_html
    assert 'title="AAPL close on 1 Mar 2013"' in view.answer_html


def test_a_fact_of_a_call_that_is_not_there_links_nowhere() -> None:
    sidecar = Sidecar(intent="quote", facts=[Fact(id="f1", text="430.47", call_id="gone", path="close", label="close")])
    assert "href" not in turn_view(make_turn(sidecar=sidecar), is_staff=False).answer_html


def test_what_a_model_wrote_is_sanitised() -> None:
    html = turn_view(make_turn(answer="**Hi** <script>alert(1)</script>"), is_staff=False).answer_html
    assert "<strong>Hi</strong>" in html
    assert "<script" not in html


@pytest.mark.parametrize("call_id", ['x" onclick="1', "a b", "fc_68.é"])
def test_an_anchor_is_a_valid_id_whatever_the_provider_named_the_call(call_id: str) -> None:
    sidecar = Sidecar(intent="quote", facts=[Fact(id="f", text="430.47", call_id=call_id, path="close", label="close")])
    turn = make_turn(sidecar=sidecar, tool_calls=[make_call(call_id, "get_quote", {"close": 430.47}, symbol="AAPL")])
    view = turn_view(turn, is_staff=False)
    assert view.tools[0].anchor.removeprefix(f"call-{REQUEST_ID}-").replace("-", "").replace("_", "").isalnum()
    assert f'href="#{view.tools[0].anchor}"' in view.answer_html


@pytest.mark.parametrize(
    ("name", "arguments", "sentence"),
    [
        ("get_levels", {"symbol": "IBM"}, "Levels for IBM"),
        ("compare_symbols", {"symbols": ["AAPL", "GOOG", "IBM"]}, "Comparison of AAPL, GOOG and IBM"),
        ("search_knowledge", {"query": "risk"}, "Our notes on “risk”"),
        ("get_levels", {}, "Levels"),
        ("set_alarm", {"price": 1}, "Set alarm"),
        ("get_quote", {"symbol": "{symbol.__class__}"}, "Quote for {symbol.__class__}"),
    ],
)
def test_a_tool_line_is_a_sentence(name: str, arguments: dict, sentence: str) -> None:
    view = turn_view(make_turn(tool_calls=[make_call("c", name, {"x": 1}, **arguments)]), is_staff=False)
    assert view.tools[0].sentence == sentence
    assert view.tools[0].latency == "12 ms"


def test_a_failed_call_says_why() -> None:
    error = {"error": {"code": "unknown_symbol", "message": "There is no XYZ.", "retryable": False}}
    view = turn_view(make_turn(tool_calls=[make_call("c", "get_quote", error, symbol="XYZ")]), is_staff=False)
    assert (view.tools[0].ok, view.tools[0].problem) == (False, "There is no XYZ.")


@pytest.mark.parametrize(
    ("oks", "status", "line"),
    [
        ([True] * 2, "succeeded", ""),
        ([True] * 5, "succeeded", "5 tools · 62 ms"),
        ([True, False, True], "failed", "3 tools, 1 failed · 37 ms"),
        ([True] * 5, "running", ""),
    ],
)
def test_many_tools_of_a_finished_answer_stand_behind_one_line(oks: list[bool], status: str, line: str) -> None:
    calls = [
        {**make_call(f"c{number}", "get_quote", {"x": 1}, symbol="AAPL"), "ok": ok} for number, ok in enumerate(oks)
    ]
    view = turn_view(make_turn(tool_calls=calls, status=status), is_staff=False)
    assert (view.tools_summary, len(view.tools)) == (line, len(oks))


def test_a_long_result_is_shown_by_its_ends_with_the_count_between() -> None:
    (line,) = turn_view(make_chart_turn(n=250), is_staff=False).tools
    assert "… 244 more …" in line.result_json
    assert '["2013-03-01", ' in line.result_json
    assert len(line.result_json) < 4000


def test_a_chart_has_its_data_a_summary_and_the_last_ten_days() -> None:
    (chart,) = turn_view(make_chart_turn(n=30), is_staff=False).charts
    bars = make_bars(n=30)
    assert chart.payload["bars"] == bars["bars"]
    assert chart.payload["overlays"] == {name: bars["overlays"][name] for name in ("sma_50", "sma_200")}
    assert chart.payload["watermark"] == "SAMPLE DATA"
    assert chart.summary.startswith(
        "AAPL closed at 430.47 on 1 Mar 2013 (sample data to 1 Mar 2013), down 21.05\u00a0%"
    )
    assert [chart.rows[0].day, chart.rows[0].close, len(chart.rows)] == ["1 Mar 2013", "430.47", 10]
    assert [(line.label, line.price) for line in chart.lines] == [("Support", "409.80"), ("Resistance", "452.00")]


def test_a_chart_of_a_day_that_is_not_over_does_not_say_that_it_closed() -> None:
    turn = make_chart_turn(kind=Kind.REAL)
    turn.tool_calls[0]["result"]["source"]["is_forming"] = True
    (chart,) = turn_view(turn, is_staff=False).charts
    assert chart.summary.startswith("AAPL stands at 430.47 on 1 Mar 2013")


def test_simulated_bars_carry_their_own_watermark() -> None:
    (chart,) = turn_view(make_chart_turn(kind=Kind.SIMULATED), is_staff=False).charts
    assert (chart.payload["watermark"], chart.source) == ("SIMULATED", "simulated data to 1 Mar 2013")


def test_a_chart_shows_the_indicators_that_were_asked_for_and_no_other() -> None:
    view = ChartView(call_id="c1", symbol="AAPL", timeframe="1Y", indicators=["ema_12", "rsi_14", "unheard_of"])
    turn = make_chart_turn(sidecar=Sidecar(intent="chart", charts=[view]))
    (chart,) = turn_view(turn, is_staff=False).charts
    assert (list(chart.payload["overlays"]), list(chart.payload["panes"])) == (["ema_12"], ["rsi_14"])


def test_a_chart_whose_bars_could_not_be_read_is_left_out() -> None:
    error = {"error": {"code": "no_data", "message": "There are no bars.", "retryable": False}}
    turn = make_chart_turn(tool_calls=[make_call("c1", "get_bars", error, symbol="AAPL")])
    view = turn_view(turn, is_staff=False)
    assert (view.charts, view.has_figures) == ([], False)


def test_a_plan_card_holds_everything_a_plan_needs() -> None:
    plan = turn_view(make_plan_turn(), is_staff=False).plan
    assert plan is not None
    assert [(step.label, step.price) for step in plan.steps] == [
        ("Entry", "425.11"),
        ("Stop", "409.80"),
        ("Target 1", "452.00"),
        ("Target 2", "484.94"),
    ]
    assert (plan.title, plan.reward_risk, plan.shares, plan.risk) == ("AAPL · Long plan", "1.76 : 1", "6", "91.86")
    assert plan.invalidation == "A close below 409.80, or no fill within 10 sessions, voids the plan."
    assert (plan.basis, plan.expiry) == ("LTB entry", "10 sessions")


@pytest.mark.parametrize("direction", ["long", "short"])
def test_the_scale_of_a_plan_keeps_the_order_and_the_distances(direction: str) -> None:
    turn = make_plan_turn(tool_calls=[make_call("p1", "build_trade_plan", make_plan(direction=direction))])
    plan = turn_view(turn, is_staff=False).plan
    assert plan is not None
    places = [mark.x for mark in plan.marks]
    assert places == sorted(places, reverse=direction == "short")
    assert all(0 < x < 100 for x in places)
    prices = [float(plan.steps[i].price) for i in (1, 0, 2, 3)]
    assert (places[1] - places[0]) / (places[3] - places[0]) == pytest.approx(
        (prices[1] - prices[0]) / (prices[3] - prices[0]), abs=0.001
    )
    assert plan.risk_span == (min(places[:2]), pytest.approx(abs(places[1] - places[0]), abs=0.01))


def test_a_comparison_names_each_source_and_marks_mixed_data() -> None:
    comparison = turn_view(make_comparison_turn(second_kind=Kind.SIMULATED), is_staff=False).comparison
    assert comparison is not None
    assert comparison.payload["watermark"] == "SAMPLE DATA · SIMULATED"
    assert [row.source for row in comparison.rows] == ["sample data to 1 Mar 2013", "simulated data to 1 Mar 2013"]
    assert [(row.change.arrow, row.change.text) for row in comparison.rows] == [
        ("▼", "−21.05\u00a0%"),
        ("▲", "+29.77\u00a0%"),
    ]
    assert [row.vs_sma_200 for row in comparison.rows] == ["n/a", "n/a"]
    assert comparison.correlation == [("AAPL and GOOG", "0.41")]


def test_sources_are_named_with_day_or_heading() -> None:
    sources = [
        {"label": "sample data to 1 Mar 2013", "kind": "sample", "as_of": "2013-03-01", "symbol": "AAPL"},
        {"label": "Alpaca", "kind": "real", "as_of": "2013-03-01", "symbol": "IBM"},
        {"label": "Method", "kind": "knowledge", "file": "method.md", "heading": "Risk first"},
    ]
    view = turn_view(make_turn(sidecar=Sidecar(intent="quote", sources=sources)), is_staff=False)
    assert [(line.label, line.detail, line.kind_word) for line in view.sources] == [
        ("AAPL: sample data to 1 Mar 2013", "", "sample data"),
        ("IBM: Alpaca", "1 Mar 2013", "market data"),
        ("Method", "Risk first", "our notes"),
    ]
    assert view.copy_text.endswith(
        "Sources:\n- AAPL: sample data to 1 Mar 2013\n- IBM: Alpaca (1 Mar 2013)\n- Method (Risk first)"
    )


@pytest.mark.parametrize(
    ("status", "stored", "shown"),
    [
        ("failed", "The source timed out.", "The source timed out."),
        ("failed", "", "The answer could not be finished."),
        ("interrupted", "", "Stopped. What had been written stays here."),
        ("succeeded", "left over", ""),
        ("running", "", ""),
    ],
)
def test_a_turn_that_did_not_end_well_says_so(status: str, stored: str, shown: str) -> None:
    assert turn_view(make_turn(status=status, error=stored), is_staff=False).error == shown


def test_staff_see_who_answered_and_the_way_to_the_row() -> None:
    staff = turn_view(make_turn(), is_staff=True).staff
    assert staff is not None
    assert (staff.provider, staff.ttft, staff.latency, staff.cost) == ("analyst", "8 ms", "1.4 s", "unknown")
    assert staff.href == f"/admin/metrics/requestlog/{REQUEST_ID}/change/"


@pytest.mark.parametrize(("cost_usd", "shown"), [(None, "unknown"), (0, "0.0000 USD"), (0.01234, "0.0123 USD")])
def test_an_unknown_cost_is_never_shown_as_free(cost_usd: float | None, shown: str) -> None:
    staff = turn_view(make_turn(), is_staff=True, cost_usd=cost_usd).staff
    assert staff is not None
    assert staff.cost == shown


def test_others_do_not_see_the_staff_line() -> None:
    assert turn_view(make_turn(), is_staff=False).staff is None


@dataclass(frozen=True)
class Tried:
    provider: str
    error: str = ""


@pytest.mark.parametrize(
    ("attempts", "shown"),
    [
        ([], ""),
        ([Tried("responses")], ""),
        ([Tried("responses", "cut")], ""),
        ([Tried("workflow", "cut"), Tried("responses")], "2, after workflow failed (cut)"),
        (
            [Tried("workflow", "cut"), Tried("responses", "cut")],
            "2: workflow failed (cut) and responses failed (cut)",
        ),
        (
            [Tried("workflow", "cut"), Tried("responses", "rate_limited"), Tried("analyst")],
            "3, after workflow failed (cut) and responses failed (rate_limited)",
        ),
    ],
)
def test_staff_see_which_providers_failed_before_the_one_that_answered(attempts: list[Tried], shown: str) -> None:
    staff = turn_view(make_turn(), is_staff=True, attempts=attempts).staff
    assert staff is not None
    assert staff.attempts == shown


@pytest.mark.parametrize(
    ("model", "is_sandbox"),
    [("sandbox/gpt-6.1-terra", True), ("gpt-6.1-terra", False), ("analyst-1", False), ("", False)],
)
def test_an_answer_of_the_sandbox_is_known_by_its_model(model: str, is_sandbox: bool) -> None:
    turn = make_turn()
    turn.model = model
    assert turn_view(turn, is_staff=False).is_sandbox == is_sandbox


@pytest.mark.parametrize(
    ("figures", "sentence"),
    [
        ([], ""),
        (["431.50"], "Not found in the data: 431.50."),
        (["431.50", "3 March"], "Not found in the data: 431.50 and 3 March."),
        (list("12345678"), "Not found in the data: 1, 2, 3, 4, 5, 6 and 2 more."),
    ],
)
def test_doubted_figures_are_said_in_one_sentence_that_a_copy_keeps(figures: list[str], sentence: str) -> None:
    view = turn_view(make_turn(sidecar=Sidecar(intent="quote", unverified=figures)), is_staff=False)
    assert view.unverified == sentence
    assert view.copy_text == "\n\n".join(part for part in (make_turn().answer, sentence) if part)


def test_a_turn_stored_before_these_fields_were_is_still_shown() -> None:
    turn = make_turn()
    turn.sidecar = {"intent": "quote"}
    assert turn_view(turn, is_staff=True).unverified == ""
