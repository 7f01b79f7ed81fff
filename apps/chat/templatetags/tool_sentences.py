"""Gives the page's script the sentences for tool calls, so that a streaming line reads as the stored one will."""

from django import template

from apps.chat.tool_lines import SENTENCES

register = template.Library()


@register.simple_tag
def tool_sentences() -> dict[str, str]:
    return SENTENCES
