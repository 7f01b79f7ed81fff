"""The product's own settings under the suite's environment."""

import tests.environment  # noqa: F401  must come first: it decides what the settings read
from gvses.settings import *  # noqa: F403

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    # Django's default, a database in memory, fails racing threads with "table is locked" instead of making them wait.
    DATABASES["default"]["TEST"] = {"NAME": f"{DATABASES['default']['NAME']}.test"}  # noqa: F405
