"""Markdown to HTML that is safe to show, and to plain text.

An answer may be written by a model, so its text is untrusted: raw HTML is shown as text, images become their
description, and a link goes to an absolute http or https address or loses its link. Links to the facts of an answer
are made here, from values, and never from the text.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import nh3
from django.utils.html import escape
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

_FRAGMENT = re.compile(r"#[A-Za-z][A-Za-z0-9_-]*")
# The parser has escaped the rest by then, and has written a host in other letters as punycode.
_ABSOLUTE = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:[/?#]|$)", re.ASCII | re.IGNORECASE)
_REL: Final = "noopener noreferrer nofollow"
#: Every tag that can come out; no other does.
TAGS: Final = frozenset(
    "a blockquote br code div em h3 h4 h5 h6 hr li ol p pre s strong table tbody td th thead tr ul".split()  # noqa: SIM905
)
_ALIGNMENTS = {"align-left", "align-center", "align-right"}


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberLink:
    """A number as the answer prints it, the fragment of its fact ("#fact-f1"), and what it is, for a tooltip."""

    text: str
    href: str
    title: str

    def __post_init__(self) -> None:
        if not _FRAGMENT.fullmatch(self.href):
            raise ValueError(f"{self.href!r} is no fragment of a page")


def render_markdown(text: str, *, links: Sequence[NumberLink] = ()) -> SafeString:
    """The text as sanitised HTML, each printed number in `links` a link to its fact.

    `links` stand in the order in which the text prints them. A number is matched whole ("430.47" is not in
    "1,430.47" or "-430.47"), outside code and other links; one that is not found is skipped.
    """
    tokens = _parser().parse(text)
    for token in tokens:
        _adapt_block(token)
    inlines = [token for token in tokens if token.type == "inline"]
    for inline in inlines:
        inline.children = list(_without_unsafe_links(inline.children or []))
    if links:
        _link_numbers(inlines, links)
    parser = _parser()
    return SafeString(_cleaner().clean(parser.renderer.render(tokens, parser.options, {})))


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])
    for name, rule in (("table_open", _table_open), ("table_close", _table_close), ("image", _image)):
        parser.add_render_rule(name, rule)
    return parser


@cache
def _cleaner() -> nh3.Cleaner:
    """The fixed list behind the parser: what would slip through it by a mistake here ends at this one."""
    return nh3.Cleaner(
        tags=set(TAGS),
        attributes={"a": {"href", "title"}, "ol": {"start"}},
        tag_attribute_values={
            "a": {"class": {"fact"}, "rel": {_REL}},
            "div": {"class": {"table-scroll"}, "role": {"group"}, "aria-label": {"Table"}, "tabindex": {"0"}},
            "th": {"class": _ALIGNMENTS, "scope": {"col"}},
            "td": {"class": _ALIGNMENTS},
        },
        attribute_filter=_keep_attribute,
        url_schemes={"http", "https"},
        link_rel=None,
    )


def _keep_attribute(tag: str, attribute: str, value: str) -> str | None:
    if attribute == "href" and not (_FRAGMENT.fullmatch(value) or _is_absolute(value)):
        return None
    return value


def _is_absolute(url: str) -> bool:
    """An http or https address with a host, and without the user name that makes one host look like another."""
    return _ABSOLUTE.match(url) is not None


def _adapt_block(token: Token) -> None:
    """Headings go below those of the page; a column's alignment becomes a class, as no inline style is allowed."""
    if token.type in {"heading_open", "heading_close"}:
        token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"
    elif token.type in {"th_open", "td_open"}:
        alignment = str(token.attrs.pop("style", "")).removeprefix("text-align:")
        if alignment:
            token.attrSet("class", f"align-{alignment}")
        if token.type == "th_open":
            token.attrSet("scope", "col")


def _without_unsafe_links(tokens: Sequence[Token]) -> Iterator[Token]:
    """The same text; a link that may not be followed keeps its words only."""
    kept = True
    for token in tokens:
        if token.type == "link_open":
            # Links do not nest, so one flag holds for the closing token as well.
            kept = _is_absolute(str(token.attrGet("href")))
            token.attrSet("rel", _REL)
        if kept or token.type not in {"link_open", "link_close"}:
            yield token


def _link_numbers(inlines: Sequence[Token], links: Sequence[NumberLink]) -> None:
    """Splits text tokens at the numbers, from left to right through the whole text."""
    texts = [token for inline in inlines for token in _outside_links(inline.children or [])]
    found: dict[int, list[tuple[int, NumberLink]]] = {}
    node, offset = 0, 0
    for link in links:
        for candidate in range(node, len(texts)):
            start = _find_whole(link.text, texts[candidate].content, offset if candidate == node else 0)
            if start is not None:
                node, offset = candidate, start + len(link.text)
                found.setdefault(id(texts[node]), []).append((start, link))
                break
    for inline in inlines:
        inline.children = [
            piece for token in inline.children or [] for piece in _split(token, found.get(id(token), []))
        ]


def _outside_links(tokens: Sequence[Token]) -> Iterator[Token]:
    inside = False
    for token in tokens:
        if token.type in {"link_open", "link_close"}:
            inside = token.type == "link_open"
        elif token.type == "text" and not inside:
            yield token


def _find_whole(number: str, content: str, offset: int) -> int | None:
    """Where the number stands from `offset` on, not as a part of a longer number or word."""
    start = content.find(number, offset) if number else -1
    while start >= 0:
        if _stands_alone(content[:start], number, content[start + len(number) :]):
            return start
        start = content.find(number, start + 1)
    return None


def _stands_alone(before: str, number: str, after: str) -> bool:
    if _is_word(before[-1:]) or _is_word(after[:1]):
        return False
    if (after[:1] in {".", ","} and after[1:2].isdigit()) or before[-1:] == ".":
        return False
    if before[-1:] == "," and before[-2:-1].isdigit():
        return False
    # A sign belongs to the number unless it joins two: "-1.25" is another number than 1.25, "2.00-4.00" is a range.
    signed = before[-1:] in {"-", "+", "−"} and number[0].isdigit()
    return not signed or _is_word(before[-2:-1]) or before[-2:-1] in {"%", ")"}


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _split(token: Token, hits: Sequence[tuple[int, NumberLink]]) -> Iterator[Token]:
    position = 0
    for start, link in hits:
        yield _text(token.content[position:start])
        yield Token("link_open", "a", 1, attrs={"class": "fact", "href": link.href, "title": link.title})
        yield _text(link.text)
        yield Token("link_close", "a", -1)
        position = start + len(link.text)
    if position:
        yield _text(token.content[position:])
    else:
        yield token


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


def _inline_text(tokens: Sequence[Token]) -> str:
    parts = []
    for token in tokens:
        match token.type:
            case "text" | "code_inline":
                parts.append(token.content)
            case "image":
                parts.append(_inline_text(token.children or []))
            case "softbreak" | "hardbreak":
                parts.append(" ")
    return "".join(parts)


def _table_open(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    # The wrapper scrolls on a narrow page; it can take the focus so that the keyboard scrolls it too.
    return '<div class="table-scroll" role="group" aria-label="Table" tabindex="0"><table>\n'


def _table_close(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    return "</table></div>\n"


def _image(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    # Loading an image would tell its host what the answer says.
    return escape(_inline_text(tokens[index].children or []))
