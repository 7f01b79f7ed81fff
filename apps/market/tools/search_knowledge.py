"""Passages of our own writing that answer a question on method, risk or terms."""

from typing import Annotated

from pydantic import Field, StringConstraints

from apps.market.tools.market import Market
from apps.market.tools.results import Knowledge
from apps.market.tools.tool import Arguments, Tool

DEFAULT_LIMIT, MOST_PASSAGES = 3, 8
LONGEST_QUERY = 8000


class SearchKnowledge(Arguments):
    query: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_QUERY),
        Field(description=f"What to look for, in words; at most {LONGEST_QUERY} characters."),
    ]
    limit: Annotated[
        int | None,
        Field(ge=1, le=MOST_PASSAGES, description=f"Most passages, 1 to {MOST_PASSAGES}; null for {DEFAULT_LIMIT}."),
    ] = None


def search_knowledge(arguments: SearchKnowledge, market: Market) -> Knowledge:
    return market.knowledge(arguments.query, limit=arguments.limit or DEFAULT_LIMIT)


SEARCH_KNOWLEDGE = Tool(
    name="search_knowledge",
    description=(
        "Searches our own articles on method, risk, levels, indicators, options, psychology and terms, and returns "
        "passages with file and heading to cite. Use it for questions that are not about one symbol's numbers."
    ),
    arguments=SearchKnowledge,
    run=search_knowledge,
)
