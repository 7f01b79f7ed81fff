"""Request bodies, read with a limit and checked before anything is thought about."""

from typing import TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from apps.sandbox.wire_errors import WireError, bad_value

LARGEST_JSON = 8 * 1024 * 1024

ModelT = TypeVar("ModelT", bound=BaseModel)


async def read_json(request: Request, model: type[ModelT]) -> ModelT:
    """The JSON body as `model`. Raises WireError.

    Only `application/json` is read: a page of another site can send nothing of that type without asking first.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise WireError(400, "The body must be JSON, sent with 'Content-Type: application/json'.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_JSON:
            raise WireError(413, f"The body is larger than {LARGEST_JSON} bytes.")
    try:
        return model.model_validate_json(bytes(body))
    except ValidationError as error:
        raise bad_value(error) from error
