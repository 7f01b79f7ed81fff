"""What a tool is: a name and a description for a model, arguments to validate, and a function to run."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Literal, TypeAlias, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from apps.market.analysis.timeframes import DEFAULT_TIMEFRAME
from apps.market.tools.market import Market


class Arguments(BaseModel):
    """What a model or the analyst may pass. A field that may be left out is nullable and says what null means."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


ArgumentsT = TypeVar("ArgumentsT", bound=Arguments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool(Generic[ArgumentsT]):
    """`run` is synchronous and may block; it returns a dataclass of `apps.market.tools.results`."""

    name: str
    description: str
    arguments: type[ArgumentsT]
    run: Callable[[ArgumentsT, Market], Any]


def _upper(value: object) -> object:
    return value.strip().upper() if isinstance(value, str) else value


def _without_dollar(value: object) -> object:
    return value.strip().removeprefix("$") if isinstance(value, str) else value


Symbol: TypeAlias = Annotated[str, BeforeValidator(_without_dollar), StringConstraints(min_length=1, max_length=60)]
SymbolField: TypeAlias = Annotated[Symbol, Field(description="Ticker symbol, for example AAPL or BTC-USD.")]
TimeframeName: TypeAlias = Annotated[Literal["1M", "3M", "6M", "YTD", "1Y", "2Y", "5Y", "MAX"], BeforeValidator(_upper)]
TimeframeField: TypeAlias = Annotated[
    TimeframeName | None,
    Field(description=f"Length of the window, back from the last bar; null for {DEFAULT_TIMEFRAME}."),
]
