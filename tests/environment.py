"""The environment of the suite, set before settings load: nothing of the developer's own `.env` reaches a test."""

import os
import tempfile

os.environ["GVSES_ENV_FILE"] = os.devnull
for name in (
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "SENTRY_DSN",
    "METRICS_TOKEN",
    "PROMETHEUS_MULTIPROC_DIR",
    "LANGFUSE_PUBLIC_KEY",
    "LANGFUSE_SECRET_KEY",
    "LANGFUSE_BASE_URL",
    "LANGFUSE_HOST",
    "LANGFUSE_PROJECT_ID",
    "LANGFUSE_TRACING_ENVIRONMENT",
    "LANGFUSE_SAMPLE_RATE",
    "LANGFUSE_TEXT",
    "GVSES_FORCE_PROVIDER",
    "ROLLOUT_NOTIFY_EMAILS",
    "ROLLOUT_WEBHOOK_URL",
    "ROLLOUT_WEBHOOK_SECRET",
    "SITE_URL",
):
    os.environ.pop(name, None)
os.environ["DEBUG"] = "True"
os.environ["SECRET_KEY"] = "a key for tests only, which protects nothing at all"
# Tests that want the sandbox say so; the others are about the analyst.
os.environ["GVSES_SANDBOX"] = "False"
os.environ["MARKET_DATA"] = "sample"
os.environ["LOG_LEVEL"] = "WARNING"
# PostgreSQL and Redis are used when the caller names them; otherwise a file of this run alone.
os.environ.setdefault("DATABASE_URL", f"sqlite:///{tempfile.mkdtemp(prefix='gvses-test-')}/tests.sqlite3")
