"""The product's own settings under the suite's environment."""

import tempfile

import tests.environment  # noqa: F401  must come first: it decides what the settings read
from gvses.settings import *  # noqa: F403

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    # Django's default, a database in memory, fails racing threads with "table is locked" instead of making them wait.
    DATABASES["default"]["TEST"] = {"NAME": f"{DATABASES['default']['NAME']}.test"}  # noqa: F405

# The static middleware warns of a missing folder, and a warning fails a test; nothing is collected for tests.
STATIC_ROOT = tempfile.mkdtemp(prefix="gvses-static-")
