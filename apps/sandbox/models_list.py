"""`GET /models`: the models whose names the product knows, and when OpenAI shuts them down."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from apps.sandbox.wire_errors import WireError

#: As OpenAI has announced it; None where it has announced no end. Behind each of them is the same analyst.
SHUTDOWN_DATES: dict[str, str | None] = {
    "gpt-6-luna": None,
    "gpt-6.1-terra": None,
    "gpt-6.1-sol": None,
    "gpt-4o": "2027-01-14",
    "gpt-4o-mini": "2027-01-14",
}


async def list_models(request: Request) -> JSONResponse:
    return JSONResponse({"object": "list", "data": [model(name) for name in SHUTDOWN_DATES]})


async def retrieve_model(request: Request) -> JSONResponse:
    name = request.path_params["name"]
    if name not in SHUTDOWN_DATES:
        raise WireError(404, f"The model '{name}' does not exist.", param="model", code="model_not_found")
    return JSONResponse(model(name))


def model(name: str) -> dict[str, Any]:
    """`created` is 0: the sandbox does not know when OpenAI made it."""
    return {
        "id": name,
        "object": "model",
        "created": 0,
        "owned_by": "sandbox",
        "shutdown_date": SHUTDOWN_DATES[name],
    }
