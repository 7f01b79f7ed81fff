"""Every setting of the product, read from the environment; `.env.example` lists the variables.

A `.env` beside `manage.py` is read first and never overrides a variable that is already set.
"""

import os
import sys
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

from gvses.logging import stream_of

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

env = environ.Env()
env.read_env(os.environ.get("GVSES_ENV_FILE", str(BASE_DIR / ".env")))
# An empty variable counts as one that is not set.
env.ENVIRON = {name: value for name, value in os.environ.items() if value}

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"] if DEBUG else [])
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "SECRET_KEY is not set. Run `make run` once, which writes one to .env, or set SECRET_KEY to a long random text."
    )
if not DEBUG and not ALLOWED_HOSTS:
    raise ImproperlyConfigured(
        "ALLOWED_HOSTS is not set and DEBUG is off. Set ALLOWED_HOSTS to the host names this site answers to, "
        "for example ALLOWED_HOSTS=chat.example.com."
    )

# Applications -------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "servestatic",  # before daphne: one way to static files, with DEBUG or without
    "daphne",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "apps.core",
    "apps.market",
    "apps.tracing",
    "apps.providers",
    "apps.routing",
    "apps.metrics",
    "apps.assistant",
    "apps.chat",
    "apps.sandbox",
]
MIDDLEWARE = [
    "gvses.security.SecurityHeaders",
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "gvses.middleware.Sessions",
    "gvses.middleware.Common",
    "django.middleware.csrf.CsrfViewMiddleware",
    "gvses.middleware.Authentication",
    "gvses.middleware.Messages",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "gvses.middleware.DatabaseAway",
]
ROOT_URLCONF = "gvses.urls"
ASGI_APPLICATION = "gvses.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# Database and cache -------------------------------------------------------------------------------

DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'gvses.sqlite3'}")}
DATABASE = DATABASES["default"]
if DATABASE["ENGINE"].endswith("sqlite3"):
    VAR_DIR.mkdir(exist_ok=True)
    # IMMEDIATE takes the write lock at the start of a transaction, so a read-then-write never fails half-way
    # with "database is locked"; WAL lets readers go on meanwhile.
    DATABASE["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    if DATABASE["ENGINE"] == "django.db.backends.postgresql":
        DATABASE["ENGINE"] = "apps.core.postgresql"
    # A kept connection would lie idle in each of many lent threads; the pool owns them instead.
    DATABASE["CONN_MAX_AGE"] = 0
    DATABASE["OPTIONS"] = {
        # A server that has gone without a word is given up after seconds: to connect, and for what was sent to arrive.
        "connect_timeout": 2,
        "tcp_user_timeout": 3000,
        **DATABASE.get("OPTIONS", {}),
        "pool": {"min_size": 2, "max_size": env.int("DB_POOL_SIZE", default=10), "timeout": 5},
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="")
CACHES: dict[str, dict[str, object]] = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    # Limits live here; a small cache would forget who has asked how often.
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 100_000}}
}

# People -------------------------------------------------------------------------------------------

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "chat:new"
LOGOUT_REDIRECT_URL = "chat:new"
ANONYMOUS_CHAT = env.bool("ANONYMOUS_CHAT", default=DEBUG)
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)

# How many turns may start: "count/seconds", several comma separated.
TURNS_PER_PERSON = env.str("TURNS_PER_PERSON", default="20/60")
TURNS_PER_ADDRESS = env.str("TURNS_PER_ADDRESS", default="60/60,1000/86400")
TURNS_PER_DAY = env.str("TURNS_PER_DAY", default="5000/86400")
LOGINS_PER_ADDRESS = env.str("LOGINS_PER_ADDRESS", default="10/300")

# Assistant, market, routing -----------------------------------------------------------------------

MESSAGE_MAX_CHARACTERS = 8000
# Deadlines of a turn, in seconds: to connect, to the first text, between two chunks, of one tool call, of the whole.
CONNECT_DEADLINE_S = env.float("CONNECT_DEADLINE_S", default=2.0)
FIRST_TEXT_DEADLINE_S = env.float("FIRST_TEXT_DEADLINE_S", default=8.0)
FIRST_TEXT_VOICE_DEADLINE_S = env.float("FIRST_TEXT_VOICE_DEADLINE_S", default=2.5)
CHUNK_GAP_DEADLINE_S = env.float("CHUNK_GAP_DEADLINE_S", default=10.0)
TOOL_DEADLINE_S = env.float("TOOL_DEADLINE_S", default=5.0)
TURN_DEADLINE_S = env.float("TURN_DEADLINE_S", default=60.0)
# How long a client may not take what is sent to it; then it is treated as gone.
UNREAD_DEADLINE_S = env.float("UNREAD_DEADLINE_S", default=30.0)

# Without a key and a base URL the OpenAI providers talk to the sandbox, where it is allowed.
OPENAI_API_KEY = env.str("OPENAI_API_KEY", default="")
OPENAI_BASE_URL = env.str("OPENAI_BASE_URL", default="")
GVSES_SANDBOX = env.bool("GVSES_SANDBOX", default=DEBUG)
# Started by the first provider that needs it in a process that serves no HTTP itself; named, never imported.
SANDBOX_SERVER = "apps.sandbox.server.start_sandbox"
SANDBOX_PACE_MS = env.int("SANDBOX_PACE_MS", default=15)
GVSES_ASSISTANT_ID = env.str("GVSES_ASSISTANT_ID", default="")
GVSES_WORKFLOW_ID = env.str("GVSES_WORKFLOW_ID", default="")

ANALYST_PACE_MS = env.int("ANALYST_PACE_MS", default=0)
MARKET_DATA = env.str("MARKET_DATA", default="sample")
ALPACA_API_KEY = env.str("ALPACA_API_KEY", default="")
ALPACA_SECRET_KEY = env.str("ALPACA_SECRET_KEY", default="")
ALPACA_DATA_URL = env.str("ALPACA_DATA_URL", default="https://data.alpaca.markets")
WORKFLOW_PERCENTAGE = env.float("WORKFLOW_PERCENTAGE", default=0.0)
WORKFLOW_KILL_SWITCH = env.bool("WORKFLOW_KILL_SWITCH", default=False)
GVSES_FORCE_PROVIDER = env.str("GVSES_FORCE_PROVIDER", default="")
# Whether raising a provider's share and resuming a stopped one want a second person.
ROLLOUT_TWO_PERSON = env.bool("ROLLOUT_TWO_PERSON", default=False)
# Beyond these a person waits too long for the first text and for the whole answer; guardrails count such sessions.
TTFT_OBJECTIVE_MS = env.float("TTFT_OBJECTIVE_MS", default=3000.0)
LATENCY_OBJECTIVE_MS = env.float("LATENCY_OBJECTIVE_MS", default=20000.0)

# Retention ----------------------------------------------------------------------------------------

# Days after which the log loses a turn's words, and after which it loses the turn; 0 keeps them for ever.
TEXT_RETENTION_DAYS = env.int("TEXT_RETENTION_DAYS", default=30)
ROW_RETENTION_DAYS = env.int("ROW_RETENTION_DAYS", default=400)

# Watch and notifications --------------------------------------------------------------------------

# Whether the server looks at the rollout by itself; otherwise `manage.py watch` does.
GVSES_WATCH = env.bool("GVSES_WATCH", default=True)
WATCH_INTERVAL_S: float = env.float("WATCH_INTERVAL_S", default=60.0)
# Started by the server once it listens; named, never imported.
WATCH_LOOP = "apps.metrics.watch.start_watch"
# How people reach this site, for the link in a message.
SITE_URL = env.str("SITE_URL", default="")
# Who is told of alerts and of the rollout: by e-mail, and one webhook with its secret, or two while one is replaced.
ROLLOUT_NOTIFY_EMAILS: list[str] = env.list("ROLLOUT_NOTIFY_EMAILS", cast=str.strip, default=[])
ROLLOUT_WEBHOOK_URL = env.str("ROLLOUT_WEBHOOK_URL", default="")
ROLLOUT_WEBHOOK_SECRET: list[str] = env.list("ROLLOUT_WEBHOOK_SECRET", cast=str.strip, default=[])
try:
    MAIL_SERVER = env.email_url("EMAIL_URL", default="smtp://")
except ValueError:
    raise ImproperlyConfigured(
        "EMAIL_URL is no address of a mail server, such as smtp+tls://name:password@mail.example.com:587. "
        "Write special characters of the password as %XX."
    ) from None
vars().update({name: value for name, value in MAIL_SERVER.items() if name.startswith("EMAIL_")})
EMAIL_TIMEOUT = 10  # seconds
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="")

# Traces -------------------------------------------------------------------------------------------

# Langfuse gets a trace of each turn where both keys are set; what people wrote only where LANGFUSE_TEXT says so.
LANGFUSE_PUBLIC_KEY = env.str("LANGFUSE_PUBLIC_KEY", default="")
LANGFUSE_SECRET_KEY = env.str("LANGFUSE_SECRET_KEY", default="")
LANGFUSE_BASE_URL = env.str("LANGFUSE_BASE_URL", default=env.str("LANGFUSE_HOST", default="https://cloud.langfuse.com"))
LANGFUSE_PROJECT_ID = env.str("LANGFUSE_PROJECT_ID", default="")
LANGFUSE_TRACING_ENVIRONMENT = env.str("LANGFUSE_TRACING_ENVIRONMENT", default="")
LANGFUSE_SAMPLE_RATE = env.float("LANGFUSE_SAMPLE_RATE", default=1.0)
LANGFUSE_TEXT = env.bool("LANGFUSE_TEXT", default=False)

# Pages, static files, time ------------------------------------------------------------------------

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
SERVESTATIC_ALLOW_ALL_ORIGINS = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "servestatic.storage.CompressedManifestStaticFilesStorage"
    },
}

# Security -----------------------------------------------------------------------------------------

CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "apps.chat.errors.csrf_failure"
X_FRAME_OPTIONS = "DENY"
if not DEBUG:
    # A load balancer and a Prometheus server of one's own network ask these over plain HTTP.
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT
    SECURE_HSTS_SECONDS = 365 * 24 * 3600 if SECURE_SSL_REDIRECT else 0
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE_SSL_REDIRECT
    if TRUSTED_PROXIES:
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# Errors and metrics -------------------------------------------------------------------------------

SENTRY_DSN = env.str("SENTRY_DSN", default="")
SENTRY_ENVIRONMENT = env.str("SENTRY_ENVIRONMENT", default="development" if DEBUG else "production")
SENTRY_RELEASE = env.str("SENTRY_RELEASE", default="")
SENTRY_TRACES_SAMPLE_RATE = env.float("SENTRY_TRACES_SAMPLE_RATE", default=0.05)
# Whoever sends this token may read /metrics; without one there is no such page.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
PROMETHEUS_MULTIPROC_DIR = env.str("PROMETHEUS_MULTIPROC_DIR", default="")
# Which names may become labels; named, never imported.
KNOWN_PROVIDERS = "apps.providers.registry.PROVIDERS"
KNOWN_TOOLS = "apps.market.tools.registry.TOOLS"

# Logging ------------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "gvses.logging.JsonFormatter"}, "text": {"()": "gvses.logging.TextFormatter"}},
    "filters": {"people": {"()": "gvses.logging.NoRequestBodies"}},
    "handlers": {
        "lines": {
            "class": "logging.StreamHandler",
            "stream": stream_of(sys.argv or [""]),
            "formatter": "text" if DEBUG else "json",
            "filters": ["people"],
        }
    },
    "root": {"handlers": ["lines"], "level": env.str("LOG_LEVEL", default="INFO")},
    # "django" is named to take away the handlers that Django gives it, which would print each line twice.
    "loggers": {
        "django": {"level": "INFO"},
        "daphne": {"level": "WARNING"},
        "uvicorn": {"level": "WARNING"},
        "httpx2": {"level": "WARNING"},
    },
}
