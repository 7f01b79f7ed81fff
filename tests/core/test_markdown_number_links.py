"""Each number that a tool gave links to its fact, and nothing else does."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.markdown import NumberLink, render_markdown


def linked(text: str, *numbers: str) -> str:
    """The HTML with each fact link shown as «index:number»."""
    links = [NumberLink(text=number, href=f"#fact-{n}", title=f"fact {n}") for n, number in enumerate(numbers)]
    html = render_markdown(text, links=links)
    return re.sub(r'<a class="fact" href="#fact-(\d+)" title="fact \1">(.*?)</a>', r"«\1:\2»", html).strip()


def test_a_fact_link_is_this_by_the_letter() -> None:
    html = render_markdown("It closed at 430.47.", links=[NumberLink(text="430.47", href="#fact-f1", title="close")])
    assert html == '<p>It closed at <a class="fact" href="#fact-f1" title="close">430.47</a>.</p>\n'


@pytest.mark.parametrize(
    ("text", "numbers", "html"),
    [
        ("430.47", ["430.47"], "<p>«0:430.47»</p>"),
        ("$430.47, then", ["430.47"], "<p>$«0:430.47», then</p>"),
        ("(430.47)", ["430.47"], "<p>(«0:430.47»)</p>"),
        ("12.00 % or 12.00%", ["12.00", "12.00"], "<p>«0:12.00» % or «1:12.00»%</p>"),
        ("a 2.5:1 ratio", ["2.5"], "<p>a «0:2.5»:1 ratio</p>"),
        ("1 and 2 and 1", ["1", "2", "1"], "<p>«0:1» and «1:2» and «2:1»</p>"),
        ("the same 5 and 5", ["5", "5"], "<p>the same «0:5» and «1:5»</p>"),
        ("only one 5 and 5", ["5"], "<p>only one «0:5» and 5</p>"),
        # A part of a longer number or word is another thing.
        ("1,430.47 and 430.471", ["430.47"], "<p>1,430.47 and 430.471</p>"),
        ("430.47.1 or 1.430.47", ["430.47"], "<p>430.47.1 or 1.430.47</p>"),
        ("430,470", ["430"], "<p>430,470</p>"),
        ("430,470", ["470"], "<p>430,470</p>"),
        ("R2D2 A5 5A", ["2", "5"], "<p>R2D2 A5 5A</p>"),
        (".5 is not 5", ["5"], "<p>.5 is not «0:5»</p>"),
        ("a list: 5, 6.", ["5", "6"], "<p>a list: «0:5», «1:6».</p>"),
        # A sign belongs to its number.
        ("-1.25 is not 1.25", ["1.25"], "<p>-1.25 is not «0:1.25»</p>"),
        ("(+1.25 %)", ["1.25"], "<p>(+1.25 %)</p>"),
        ("−1.25", ["1.25"], "<p>−1.25</p>"),
        ("(+1.25 %)", ["+1.25"], "<p>(«0:+1.25» %)</p>"),
        ("at -1.25", ["-1.25"], "<p>at «0:-1.25»</p>"),
        ("2.00-4.00 and 5 %-6 %", ["2.00", "4.00", "6"], "<p>«0:2.00»-«1:4.00» and 5 %-«2:6» %</p>"),
        ("the 50-day average", ["50"], "<p>the «0:50»-day average</p>"),
        # Dates are printed facts too.
        ("on 1 Mar 2013 (2013-03-01)", ["1 Mar 2013", "2013-03-01"], "<p>on «0:1 Mar 2013» («1:2013-03-01»)</p>"),
        # What is not found is skipped, and the rest still finds its place.
        ("1 and 3", ["1", "2", "3"], "<p>«0:1» and «2:3»</p>"),
        ("nothing here", ["1", "2"], "<p>nothing here</p>"),
        ("2 then 1", ["1", "2"], "<p>2 then «0:1»</p>"),
        ("x", [""], "<p>x</p>"),
        # Through markup, in order, never inside code or links.
        ("**1** *2* ~~3~~", ["1", "2", "3"], "<p><strong>«0:1»</strong> <em>«1:2»</em> <s>«2:3»</s></p>"),
        ("`7` then 7", ["7"], "<p><code>7</code> then «0:7»</p>"),
        ("```\n7\n```\n\n7", ["7"], "<pre><code>7\n</code></pre>\n<p>«0:7»</p>"),
        ("![7](x) 7", ["7"], "<p>7 «0:7»</p>"),
        ("# 7\n\n- 8\n- 9", ["7", "8", "9"], "<h3>«0:7»</h3>\n<ul>\n<li>«1:8»</li>\n<li>«2:9»</li>\n</ul>"),
        ("a\n7\nb", ["7"], "<p>a\n«0:7»\nb</p>"),
        ("[7](/dropped) 7", ["7", "7"], "<p>«0:7» «1:7»</p>"),
        ("7 < 8", ["7", "8"], "<p>«0:7» &lt; «1:8»</p>"),
    ],
)
def test_numbers_link_whole_and_in_order(text: str, numbers: list[str], html: str) -> None:
    assert linked(text, *numbers) == html


def test_a_number_inside_a_link_stays_the_link_s() -> None:
    html = linked("[7](https://example.com) and 7", "7")
    assert html.count("«") == 1
    assert html.endswith("and «0:7»</p>")


def test_the_cells_of_a_table_link_row_by_row() -> None:
    html = linked("| a | b |\n|---|--:|\n| 1 | 2 |\n| 1 | 3 |", "1", "2", "1", "3")
    assert re.findall("«.*?»", html) == ["«0:1»", "«1:2»", "«2:1»", "«3:3»"]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(0, 12).map(str), max_size=20), st.lists(st.integers(0, 12).map(str), max_size=20))
def test_links_never_change_the_words(words: list[str], numbers: list[str]) -> None:
    text = " **and** ".join(words)
    html = linked(text, *numbers)
    assert re.sub(r"«\d+:(.*?)»", r"\1", html) == render_markdown(text).strip()
    order = [int(index) for index in re.findall(r"«(\d+):", html)]
    assert order == sorted(order)
    if numbers == words:
        assert order == list(range(len(words)))
