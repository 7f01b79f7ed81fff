"""Text as a server sent it, made fit to be stored and shown."""

#: As many characters as the request log keeps of a model's name, and of a tool's name or a call's id.
MODEL_CHARACTERS = 80
NAME_CHARACTERS = 64


def clean_text(text: str) -> str:
    """The text without what no database keeps: zero characters go, half a surrogate pair becomes a question mark."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()
