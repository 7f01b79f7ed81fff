"""The suite's settings with the faults, as production would log and report them."""

import os

import tests.environment  # noqa: F401  must come first: it takes the reports away, which are wanted here

os.environ |= {
    "SENTRY_DSN": os.environ["FAULTY_DSN"],
    "LOG_LEVEL": "INFO",
    "DEBUG": "False",
    "ALLOWED_HOSTS": "testserver",
    "SECURE_SSL_REDIRECT": "False",
    "ANONYMOUS_CHAT": "True",
    "GVSES_FORCE_PROVIDER": "analyst",
}
from tests.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "tests.tracing.reports.faulty"]  # noqa: F405
ROOT_URLCONF = "tests.tracing.reports.faulty.urls"
STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"  # type: ignore[index]  # noqa: F405
DATABASES["default"].setdefault("TEST", {"NAME": f"faulty_{os.getpid()}"})  # noqa: F405
