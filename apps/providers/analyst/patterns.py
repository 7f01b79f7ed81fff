"""Patterns as lists of alternatives, a few to a line, so that a rule can be read and a word added."""

import re


def any_of(*alternatives: str) -> re.Pattern[str]:
    """Matches where one of them does."""
    return re.compile("|".join(alternatives))
