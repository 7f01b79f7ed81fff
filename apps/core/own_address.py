"""Where this very process serves HTTP, for code that talks to it over its own socket."""

_url = ""


def announce(url: str) -> None:
    """Remembers the address, without a slash at its end, once this process is about to listen there."""
    global _url
    _url = url


def own_address() -> str:
    """ "http://127.0.0.1:8000", or "" in a process that serves nothing."""
    return _url
