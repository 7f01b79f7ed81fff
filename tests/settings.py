"""The product's own settings under the suite's environment."""

import tests.environment  # noqa: F401  must come first: it decides what the settings read
from gvses.settings import *  # noqa: F403
