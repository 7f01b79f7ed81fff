"""`/faults`: arm a fault for the next requests, see what is armed, take all away."""

from starlette.requests import Request
from starlette.responses import JSONResponse

from apps.sandbox.bodies import read_json
from apps.sandbox.faults import ARSENAL, FaultOrder


async def faults(request: Request) -> JSONResponse:
    match request.method:
        case "POST":
            ARSENAL.arm(await read_json(request, FaultOrder))
        case "DELETE":
            ARSENAL.disarm()
    return JSONResponse({"armed": ARSENAL.listed()})
