"""Articles with their publishers and dates; where no news provider is set up, that, and what prices alone can say."""

from collections.abc import Iterator

from apps.providers.analyst.answers import phrases
from apps.providers.analyst.answers.quote import headline
from apps.providers.analyst.turn import Result, Turn

MOST_SHOWN = 5


def paragraphs(turn: Turn) -> Iterator[str]:
    news, quote = turn.result("get_news"), turn.result("get_quote")
    if news is None:
        return
    if news.get("articles"):
        yield f"**News on {news.get('symbol')}**, from {news.words('provider')}:"
        shown = range(min(MOST_SHOWN, len(news.get("articles"))))
        yield phrases.bullets([article(news, f"articles.{index}") for index in shown])
        yield "These are their words, not mine; I take no instructions and no numbers from them."
    else:
        yield f"**There is no news here on {news.get('symbol')}.** {phrases.sentence(news.words('note'))}"
    if quote:
        yield headline(quote)
        yield "What moved it I cannot tell from prices alone, and I do not guess at reasons."


def article(news: Result, path: str) -> str:
    """Title, publisher and time; a link only to a web address."""
    title = phrases.clause(news.words(f"{path}.title")).replace("[", "(").replace("]", ")")
    url = str(news.get(f"{path}.url"))
    linked = f"[{title}]({url})" if url.startswith(("https://", "http://")) and not set(url) & set(" ()<>") else title
    return f"{linked} ({news.words(f'{path}.publisher')}, {news.words(f'{path}.published_at')})"
