"""How a request names itself upstream: OpenAI's support finds it by this header, the sandbox tells providers apart."""

from apps.providers.protocol import TurnRequest


def request_headers(request: TurnRequest, provider: str, step: int) -> dict[str, str]:
    """The headers of the `step`th model call of a turn, counted from 1."""
    return {"X-Client-Request-Id": f"gvses.{provider}.{request.request_id}.{step}"}
