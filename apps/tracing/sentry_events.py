"""What of an event may leave for Sentry: each is built anew from fields that are named here, and all others stay.

A list of what must not leave would be wrong with the next version of the SDK, or the next library that logs.
"""

import logging
import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.management.base import CommandError

from apps.core.exception_words import KEY, TOKEN, chain, stands_in, words_of
from apps.core.request_context import current_ids

Fields = dict[str, Any]


def _names(*lines: str) -> frozenset[str]:
    return frozenset(name for line in lines for name in line.split())


EVENT = _names(
    "event_id timestamp start_timestamp level logger platform release dist environment server_name sdk type",
    "transaction_info",
)
FRAME = _names("filename abs_path function module lineno colno pre_context context_line post_context in_app")
MECHANISM = _names("type handled exception_id parent_id is_exception_group source synthetic")
SPAN = _names(
    "trace_id span_id parent_span_id same_process_as_parent op origin status start_timestamp timestamp",
)
#: Of a log line's details; texts among them must be shaped like a name.
DETAILS = _names(
    "action attempts away_s bucket candidate code deadline_s error fault http_request_id intent is_voice late_status",
    "latency_ms model n_closed node older_than_s part profile provider rollout_version route_reason schedule status",
    "step tool tried ttft_ms way workflow_version",
)
SPAN_DATA = _names("error latency_ms number retries ttft_ms was_reused db.system http.response.status_code")
TAGS = _names(
    "session_id request_id provider channel command assigned_provider route_reason is_fallback intent model error",
)
#: Where a transaction has its name from: these are names in our code, a URL is whatever somebody typed.
NAMES_IN_CODE = frozenset(("route", "task", "view", "component"))
NO_ROUTE = "(no route)"
WITHHELD = "(message withheld)"
SQL_TEXT = re.compile(r"'(?:[^']|'')*'")
LONGEST_SQL = 1000
#: Ends that are no failures: a command says in a sentence what is wrong with its input.
NO_FAILURES = (CommandError, SystemExit, KeyboardInterrupt)
#: A turn is a transaction of its own; nobody looks for the others here.
NOT_TRACED = re.compile(r"/chat/[^/]+/turns/$|/sandbox/|/static/|/(?:healthz|readyz|metrics)$")


def share_of(*, op: str, asgi_scope: Mapping[str, Any], rate: float) -> float:
    """Which share of such transactions is sent. A socket lasts for a conversation and is none."""
    if op == "turn":
        return rate
    is_wanted = asgi_scope.get("type") == "http" and not NOT_TRACED.match(asgi_scope.get("path", ""))
    return rate if is_wanted else 0.0


def error_that_leaves(event: Fields, hint: Mapping[str, Any]) -> Fields | None:
    """An error, with the ids of whatever the thread or task works for that it happened in."""
    exception = (hint.get("exc_info") or (None, None, None))[1]
    if isinstance(exception, NO_FAILURES):
        return None
    leaving = _event(event)
    leaving["tags"] = _short(current_ids(), TAGS)
    if "exception" in event:
        told = list(chain(exception))
        values = event["exception"].get("values", ())
        leaving["exception"] = {"values": [_exception(value, told) for value in values]}
    record = hint.get("log_record")
    if record is not None:
        leaving["logentry"] = {"message": message_of(record)}
        leaving["extra"] = _short(vars(record), DETAILS)
    leaving["breadcrumbs"] = event.get("breadcrumbs") or {"values": []}
    return leaving


def transaction_that_leaves(event: Fields, hint: Mapping[str, Any]) -> Fields:
    """A request or a turn, with its spans."""
    leaving = _event(event)
    leaving["tags"] = _short(current_ids() | (event.get("tags") or {}), TAGS)
    leaving["spans"] = [_span(span) for span in event.get("spans") or ()]
    return leaving


def breadcrumb_that_leaves(crumb: Fields, hint: Mapping[str, Any]) -> Fields | None:
    """An earlier line of the log. Queries and calls are in the spans."""
    record = hint.get("log_record")
    if record is None:
        return None
    kept = {name: crumb[name] for name in ("timestamp", "level", "category", "type") if name in crumb}
    return kept | {"message": message_of(record), "data": _short(vars(record), DETAILS)}


def message_of(record: logging.LogRecord) -> str:
    """The message before anything was filled in, if it stands in the code; a library may have put it together."""
    first_line = str(record.msg).partition("\n")[0]
    return KEY.sub("[key]", first_line) if stands_in(record.pathname, first_line) else f"{record.name} {WITHHELD}"


def _event(event: Fields) -> Fields:
    leaving = _only(event, EVENT)
    trace = (event.get("contexts") or {}).get("trace") or {}
    leaving["contexts"] = {"trace": _only(trace, SPAN) | {"data": _short(trace.get("data") or {}, SPAN_DATA)}}
    if "transaction" in event:
        is_code = (event.get("transaction_info") or {}).get("source") in NAMES_IN_CODE
        leaving["transaction"] = event["transaction"] if is_code else NO_ROUTE
    method = str((event.get("request") or {}).get("method") or "")
    if TOKEN.fullmatch(method):
        leaving["request"] = {"method": method}
    return leaving


def _exception(value: Fields, told: list[BaseException]) -> Fields:
    same_kind = [exception for exception in told if type(exception).__qualname__ == value.get("type")]
    text = str(value.get("value") or "")
    matching = [exception for exception in same_kind if str(exception)[:40] == text[:40]] or same_kind
    words = {words_of(exception) for exception in matching}
    return {
        "type": value.get("type"),
        "module": value.get("module"),
        # Two that cannot be told apart say nothing.
        "value": words.pop() if len(words) == 1 else "",
        "mechanism": _only(value.get("mechanism") or {}, MECHANISM),
        "stacktrace": {
            "frames": [_only(frame, FRAME) for frame in (value.get("stacktrace") or {}).get("frames") or ()]
        },
    }


def _span(span: Fields) -> Fields:
    op, words = str(span.get("op") or ""), str(span.get("description") or "")
    if op.startswith("db"):
        words = SQL_TEXT.sub("'…'", words)[:LONGEST_SQL]
    elif not TOKEN.fullmatch(words):
        words = ""
    return _only(span, SPAN) | {"description": words, "data": _short(span.get("data") or {}, SPAN_DATA)}


def _only(fields: Mapping[str, Any], names: Iterable[str]) -> Fields:
    return {name: fields[name] for name in names if name in fields}


def _short(fields: Mapping[str, Any], names: frozenset[str]) -> Fields:
    """Those of the fields that are named and are figures or names."""
    kept: Fields = {}
    for name in names & fields.keys():
        match fields[name]:
            case bool() | int() | float() as figure:
                kept[name] = figure
            case str() as text if TOKEN.fullmatch(text):
                kept[name] = KEY.sub("[key]", text)
            case _:
                pass
    return kept
