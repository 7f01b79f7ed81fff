"""What a load balancer asks: is the process alive, and can it reach what it needs."""

import logging

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse

logger = logging.getLogger(__name__)
REDIS_TIMEOUT_S = 2.0


def alive(request: HttpRequest) -> JsonResponse:
    """Answers as long as the process runs; looks at nothing else."""
    return JsonResponse({"status": "alive"})


def ready(request: HttpRequest) -> JsonResponse:
    """200 when the database (and Redis, where set) answer, else 503 with the name of what does not."""
    missing = [name for name, reachable in (("database", _database()), ("redis", _redis())) if not reachable]
    if missing:
        return JsonResponse({"status": "not ready", "unreachable": missing}, status=503)
    return JsonResponse({"status": "ready"})


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except DatabaseError as error:
        logger.warning("Database unreachable", extra={"error": type(error).__name__})
        return False
    return True


def _redis() -> bool:
    if not settings.REDIS_URL:
        return True
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=REDIS_TIMEOUT_S, socket_connect_timeout=REDIS_TIMEOUT_S
    )
    try:
        client.ping()
    except redis.RedisError as error:
        logger.warning("Redis unreachable", extra={"error": type(error).__name__})
        return False
    finally:
        client.close()
    return True
