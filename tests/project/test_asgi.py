"""The ASGI entry point: what it does with connections that are not HTTP."""

from channels.testing import WebsocketCommunicator

from gvses.asgi import application


async def test_a_socket_is_refused_before_its_handshake() -> None:
    accepted, _ = await WebsocketCommunicator(application, "/v1/realtime").connect()
    assert not accepted
