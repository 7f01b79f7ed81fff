"""The sentences that operations reads say what routing does."""

import ast
from datetime import timedelta

import pytest
from django.conf import LazySettings, settings
from django.utils import timezone

from apps.providers import errors
from apps.routing import breaker
from apps.routing.changes import set_shares
from apps.routing.choose import Standing
from apps.routing.circuits import claim_probe, record_outcome
from apps.routing.failure_codes import CODES
from apps.routing.kills import kill, unkill
from apps.routing.models import Circuit
from apps.routing.overview import headline, overview

NO_BACKEND = "has no backend in this version"


def make_standing(*, killed: str = "", unavailable: str = "") -> Standing:
    return Standing(
        providers=("responses", "workflow", "agents_sdk", "analyst"),
        fallback_chain=("responses", "analyst"),
        unavailable=dict.fromkeys(unavailable.split(), NO_BACKEND),
        killed=frozenset(killed.split()),
    )


@pytest.mark.parametrize(
    ("standing", "shares", "forced", "sentence"),
    [
        (make_standing(), {"responses": 10_000}, None, "All new sessions are served by responses."),
        (
            make_standing(),
            {"responses": 7_500, "workflow": 2_500},
            None,
            "75 % of new sessions are served by responses, 25 % by workflow.",
        ),
        (
            make_standing(killed="workflow"),
            {"responses": 7_500, "workflow": 2_500},
            None,
            "All new sessions are served by responses.",
        ),
        (
            make_standing(unavailable="responses workflow agents_sdk"),
            {"responses": 7_500, "workflow": 2_500},
            None,
            "All new sessions are served by analyst.",
        ),
        (
            make_standing(killed="responses analyst"),
            {"responses": 7_500, "workflow": 2_500},
            None,
            "75 % of new sessions are served by nobody, 25 % by workflow.",
        ),
        (
            make_standing(killed="responses workflow analyst"),
            {"responses": 10_000},
            None,
            "Nobody can serve: people see an error at every turn.",
        ),
        (
            make_standing(killed="analyst"),
            {"responses": 10_000},
            "analyst",
            "Break-glass: GVSES_FORCE_PROVIDER names analyst, so analyst serves every turn. "
            "Shares and stops wait until it is unset.",
        ),
    ],
)
def test_the_headline_says_who_serves(
    standing: Standing, shares: dict[str, int], forced: str | None, sentence: str
) -> None:
    assert headline(standing, shares, forced=forced) == sentence


@pytest.mark.django_db
def test_a_stop_says_beforehand_what_it_will_do(only_analyst: None) -> None:
    effects = {row.name: row.stop_effect for row in overview().rows}
    assert effects["analyst"] == "Nobody else can serve: people see an error at every turn until it is resumed."
    assert (
        effects["workflow"]
        == "workflow has no backend in this version; stopped now, it stays stopped when that changes."
    )


@pytest.mark.django_db
def test_with_others_able_a_stop_names_who_takes_over(all_backends: None) -> None:
    effects = {row.name: row.stop_effect for row in overview().rows}
    assert effects["workflow"] == "From the next turn responses serves its sessions."
    assert effects["responses"] == "The next page asks what serves its sessions instead."


@pytest.mark.django_db
def test_stopping_the_last_of_the_chain_says_that_nobody_rescues_then(all_backends: None) -> None:
    effects = {row.name: row.stop_effect for row in overview().rows}
    assert effects["analyst"] == (
        "From the next turn responses serves its sessions. Nobody rescues a turn then: where "
        "another provider fails, people may see an error."
    )


@pytest.mark.django_db
def test_a_stop_names_every_provider_whose_sessions_it_leaves_alone(all_backends: None) -> None:
    set_shares(shares={"responses": 4_000, "workflow": 6_000}, by="bob")
    open_circuit("responses", "cut")
    effects = {row.name: row.stop_effect for row in overview().rows}
    assert effects["analyst"] == (
        "Nobody else can serve the sessions of responses and analyst: people see an error until it is resumed."
    )


@pytest.mark.django_db
def test_an_outage_of_our_own_making_names_who_could_serve_at_once(all_backends: None) -> None:
    for name in ("responses", "workflow", "agents_sdk"):
        open_circuit(name, "quota")
    kill(provider="analyst", by="bob")
    first, *others = overview().calls
    assert first == "analyst is only stopped: resume it and it serves at once."
    assert len(others) == 1
    unkill(provider="analyst", by="bob", reason="drill over")
    assert overview().calls == others


@pytest.mark.django_db
def test_under_break_glass_nothing_reads_as_an_outage_while_the_named_one_serves(
    all_backends: None, settings: LazySettings
) -> None:
    settings.GVSES_FORCE_PROVIDER = "workflow"
    for name in ("workflow", "analyst"):
        kill(provider=name, by="bob")
    kill(provider="responses", by="bob")
    now = overview()
    assert not now.is_outage
    assert {row.serves for row in now.rows} == {"workflow"}
    notes = {row.name: row.share_note for row in now.rows}
    assert notes["responses"] == "is stopped by the kill switch; its share waits for the end of break-glass"
    unkill(provider="workflow", by="bob", reason="drill over")
    effects = {row.name: row.stop_effect for row in overview().rows}
    assert effects["workflow"] == "GVSES_FORCE_PROVIDER names workflow: a stop counts only once that is unset."


@pytest.mark.django_db
def test_an_outage_is_one_only_while_nobody_serves(only_analyst: None) -> None:
    assert not overview().is_outage
    kill(provider="analyst", by="bob")
    assert overview().is_outage
    unkill(provider="analyst", by="bob", reason="drill over")
    assert not overview().is_outage


def open_circuit(provider: str, code: str, *, seconds_ago: float = 1) -> str:
    """Opens it by one failure, or five of them where one is not enough; answers the time of day it says."""
    then = timezone.now() - timedelta(seconds=seconds_ago)
    opens = CODES[code].wants_somebody
    for _ in range(1 if opens else 5):
        record_outcome(provider=provider, ok=False, code=code, opens=opens, now=then, began_at=then)
    return f"{then:%H:%M:%S} UTC"


def circuit_lines(provider: str) -> tuple[str, str, str]:
    note = next(row.circuit for row in overview().rows if row.name == provider)
    assert note is not None
    return note.what, note.tries, note.to_do


@pytest.mark.django_db
def test_an_open_circuit_stands_in_the_headline_and_in_its_row(all_backends: None, settings: LazySettings) -> None:
    settings.OPENAI_API_KEY = "a key"
    since = open_circuit("responses", "server_error")
    now = overview()
    what = f"responses' circuit is open since {since} (5 of 5 answers failed in 30 s), so analyst serves its sessions."
    assert now.headline == f"All new sessions are served by analyst. {what}"
    row = next(row for row in now.rows if row.name == "responses")
    assert row.share_note == (
        f"its circuit is open since {since} (5 of 5 answers failed in 30 s): its share goes to analyst"
    )
    opened_at = Circuit.objects.get().opened_at
    assert opened_at is not None
    due = f"{opened_at + timedelta(seconds=5):%H:%M:%S} UTC"
    assert circuit_lines("responses") == (
        what,
        f"From {due} the next turn of its sessions tries it again.",
        "OpenAI fails (500 or above). Nothing to do here but wait and look at the server's status page; "
        "the circuit tries again every 5 s by itself.",
    )
    assert now.calls == []


@pytest.mark.django_db
def test_a_refused_key_calls_for_somebody_once_however_many_circuits_it_opens(
    all_backends: None, settings: LazySettings
) -> None:
    settings.OPENAI_API_KEY = "a key"
    since = [open_circuit(name, "unauthorized") for name in ("responses", "workflow")]
    kill(provider="workflow", by="bob")
    now = overview()
    assert now.calls == [
        "OpenAI refuses the key (401). Renew OPENAI_API_KEY and restart; the circuit tries again every 5 s by itself."
    ]
    assert now.headline.endswith(
        f"2 circuits are open: responses since {since[0]} (key refused), workflow since {since[1]} (key refused)."
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("key", "url", "server"),
    [("k", "", "OpenAI"), ("k", "http://x/v1", "The server at OPENAI_BASE_URL"), ("", "", "The sandbox")],
)
def test_the_call_names_the_server_that_is_asked(
    all_backends: None, settings: LazySettings, key: str, url: str, server: str
) -> None:
    settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = key, url
    open_circuit("responses", "quota")
    (call,) = overview().calls
    assert call.startswith(f"{server} says that the quota or the credit is used up.")


@pytest.mark.django_db
def test_the_row_tells_how_the_last_try_failed_and_the_call_follows_it(
    all_backends: None, settings: LazySettings
) -> None:
    settings.OPENAI_API_KEY = "a key"
    open_circuit("workflow", "server_error", seconds_ago=20)
    now = timezone.now()
    assert claim_probe("workflow", now=now - timedelta(seconds=10))
    record_outcome(provider="workflow", ok=False, code="unauthorized", opens=True, now=now, began_at=now)
    _, tries, to_do = circuit_lines("workflow")
    assert tries == (
        f"The last try failed at {now:%H:%M:%S} UTC (key refused). The next turn of its sessions tries it again."
    )
    assert to_do.startswith("OpenAI refuses the key (401).")
    assert overview().calls == [to_do]


@pytest.mark.django_db
def test_a_stopped_provider_s_circuit_says_that_no_turn_tries_it(all_backends: None) -> None:
    open_circuit("workflow", "cut")
    kill(provider="workflow", by="bob")
    what, tries, to_do = circuit_lines("workflow")
    assert what.endswith("; it is stopped by the kill switch too.")
    assert tries == "No turn tries it until it is resumed."
    assert "by itself" not in to_do
    note = next(row.circuit for row in overview().rows if row.name == "workflow")
    assert note is not None
    assert note.if_closed[0] == "workflow stays stopped: closing its circuit does not resume it."
    assert not any("Nobody has to close it" in sentence for sentence in note.if_closed)


@pytest.mark.django_db
def test_under_break_glass_a_circuit_does_not_claim_to_decide(all_backends: None, settings: LazySettings) -> None:
    open_circuit("workflow", "cut")
    settings.GVSES_FORCE_PROVIDER = "workflow"
    what, tries, _ = circuit_lines("workflow")
    assert what.endswith("(5 of 5 answers failed in 30 s).")
    assert tries == "GVSES_FORCE_PROVIDER names it, so every turn goes to it all the same."


@pytest.mark.django_db
def test_with_the_floor_stopped_an_open_circuit_is_an_outage_that_says_so(all_backends: None) -> None:
    for name in ("responses", "workflow", "agents_sdk"):
        open_circuit(name, "cut")
    assert not overview().is_outage
    kill(provider="analyst", by="bob")
    assert overview().is_outage
    assert circuit_lines("workflow")[0].endswith("; nobody else can serve its sessions: people see an error.")


@pytest.mark.django_db
def test_a_stop_beside_an_open_circuit_says_what_it_adds(all_backends: None) -> None:
    open_circuit("workflow", "cut")
    effect = next(row.stop_effect for row in overview().rows if row.name == "workflow")
    assert effect == (
        "responses serves its sessions already, while its circuit is open; a stop holds until it is resumed."
    )


def test_every_error_class_that_can_open_a_circuit_is_explained() -> None:
    assert errors.__doc__ is not None
    lines = errors.__doc__.replace("│", " ").split("├── ")
    counted = [line for line in lines if line.startswith(("ProviderUnavailable", "ProviderProtocol", "AccessRefused"))]
    named = {word.strip(" .\n") for line in counted for word in line.split(":", 1)[1].split(",")}
    assert len(named) > 15
    assert named - set(CODES) == set()


def test_the_operations_guide_has_a_line_for_every_error_class_and_says_the_rule_that_holds() -> None:
    guide = (settings.BASE_DIR / "docs" / "operations.md").read_text()
    assert [code for code in CODES if f"| `{code}` |" not in guide] == []
    rate = round(100 * breaker.MIN_FAILURE_RATE)
    assert f"{breaker.MIN_FAILURES} failures within {breaker.WINDOW_S} s" in guide
    assert f"at least {rate} % of its answers" in guide
    assert f"every {breaker.PROBE_INTERVAL_S} s" in guide
    assert f"for {breaker.FALLBACK_PROBE_INTERVAL_S} s" in guide


def test_every_class_that_a_provider_s_code_names_is_explained() -> None:
    raised = {"ProviderUnavailable", "ProviderProtocolError", "AccessRefused", "ProviderError"}
    named = set()
    for file in (settings.BASE_DIR / "apps").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in raised:
                values = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
                named |= {value.value for value in values if isinstance(value, ast.Constant)}
    assert {"cut", "bad_design", "internal"} <= named
    assert named - set(CODES) == set()


@pytest.mark.django_db
def test_a_fault_of_our_own_is_not_blamed_on_the_server(all_backends: None, settings: LazySettings) -> None:
    settings.OPENAI_API_KEY = settings.OPENAI_BASE_URL = ""
    open_circuit("workflow", "bad_design")
    to_do = circuit_lines("workflow")[2]
    assert to_do.startswith("workflow cannot read the stored version of its workflow. Make another workflow version")
    assert "sandbox" not in to_do
    assert "take the fault away" not in to_do
