"""The ASGI entry point: HTTP for pages and token streams, sockets refused until a surface needs them."""

import os

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gvses.settings")

application = ProtocolTypeRouter({"http": get_asgi_application()})  # type: ignore[no-untyped-call]
