"""Markdown becomes the HTML that the pages style, and the words that speech reads."""

import pytest
from django.utils.safestring import SafeString

from apps.core.markdown import render_markdown

TABLE_OPEN = '<div class="table-scroll" role="group" aria-label="Table" tabindex="0"><table>'


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("plain", "<p>plain</p>"),
        ("**strong** and *soft*", "<p><strong>strong</strong> and <em>soft</em></p>"),
        ("~~gone~~", "<p><s>gone</s></p>"),
        ("two\nlines", "<p>two\nlines</p>"),
        ("broken  \nline", "<p>broken<br>\nline</p>"),
        ("one\n\ntwo", "<p>one</p>\n<p>two</p>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("3. a\n4. b", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>'),
        ("> said", "<blockquote>\n<p>said</p>\n</blockquote>"),
        ("`a < b`", "<p><code>a &lt; b</code></p>"),
        ("```python\na < b\n```", "<pre><code>a &lt; b\n</code></pre>"),
        ("---", "<hr>"),
        # The page owns the first two levels of headings.
        ("# a", "<h3>a</h3>"),
        ("## a", "<h4>a</h4>"),
        ("###### a", "<h6>a</h6>"),
        ("a < b & c > d", "<p>a &lt; b &amp; c &gt; d</p>"),
        ("<b>a</b> <p>b</p>", "<p>&lt;b&gt;a&lt;/b&gt; &lt;p&gt;b&lt;/p&gt;</p>"),
        ("<hr>\n\n<!-- a -->", "<p>&lt;hr&gt;</p>\n<p>&lt;!-- a --&gt;</p>"),
        ("https://example.com", "<p>https://example.com</p>"),
        ("![the chart](https://example.com/x.png)", "<p>the chart</p>"),
        ("[the page](/admin/)", "<p>the page</p>"),
        ("[**bold** words](//example.com)", "<p><strong>bold</strong> words</p>"),
        (
            '[x](https://example.com "t")',
            '<p><a href="https://example.com" title="t" rel="noopener noreferrer nofollow">x</a></p>',
        ),
        (
            "| a | b | c |\n|:--|:-:|--:|\n| 1 | 2 | 3 |",
            f"{TABLE_OPEN}\n<thead>\n<tr>\n"
            '<th class="align-left" scope="col">a</th>\n<th class="align-center" scope="col">b</th>\n'
            '<th class="align-right" scope="col">c</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n'
            '<td class="align-left">1</td>\n<td class="align-center">2</td>\n<td class="align-right">3</td>\n'
            "</tr>\n</tbody>\n</table></div>",
        ),
        ("", ""),
    ],
)
def test_each_feature_renders_as_the_pages_style_it(text: str, html: str) -> None:
    rendered = render_markdown(text)
    assert rendered.strip() == html
    assert isinstance(rendered, SafeString)
