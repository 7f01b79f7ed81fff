"""What happened: one row a turn, its text apart, its attempts and tool calls below. Analysts query these by name."""

from apps.metrics.models.alert import About, Alert, AlertReading, AlertRule, AlertState, Channel, Measure
from apps.metrics.models.attempt import Attempt
from apps.metrics.models.request import (
    MODEL_LENGTH,
    NAME_LENGTH,
    PRICE_VERSION_LENGTH,
    RequestLog,
    RequestText,
    Status,
    trace_id_of,
)
from apps.metrics.models.retention import Retention
from apps.metrics.models.rollup import FINE, Grain, Rollup, RollupDue, RollupState, ToolRollup, TurnRollup, VoiceRollup
from apps.metrics.models.tool_call import CALL_ID_LENGTH, ToolCall
from apps.metrics.models.voice_turn import VoiceTurn

__all__ = [
    "CALL_ID_LENGTH",
    "FINE",
    "MODEL_LENGTH",
    "NAME_LENGTH",
    "PRICE_VERSION_LENGTH",
    "About",
    "Alert",
    "AlertReading",
    "AlertRule",
    "AlertState",
    "Attempt",
    "Channel",
    "Grain",
    "Measure",
    "RequestLog",
    "RequestText",
    "Retention",
    "Rollup",
    "RollupDue",
    "RollupState",
    "Status",
    "ToolCall",
    "ToolRollup",
    "TurnRollup",
    "VoiceRollup",
    "VoiceTurn",
    "trace_id_of",
]
