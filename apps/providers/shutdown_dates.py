"""When OpenAI takes models away, as announced by 22 November 2026, so that a page can say it before a turn fails."""

import re
from dataclasses import dataclass
from datetime import date

#: From so many days before the last day on, a shutdown is worth a word.
NEAR_DAYS = 180
SNAPSHOT = re.compile(r"-\d{4}-\d{2}-\d{2}$")

#: Model → its shutdown and what OpenAI names as successor, empty where none is named. Dated snapshots follow the name.
SHUTDOWN_DATES: dict[str, tuple[date, str]] = {
    **dict.fromkeys(
        ("o1", "o1-pro", "o3-mini", "o4-mini", "gpt-3.5-turbo", "gpt-4", "gpt-4-turbo", "gpt-4.1-nano"),
        (date(2026, 10, 23), "gpt-6.1-terra"),
    ),
    "gpt-5": (date(2026, 12, 11), "gpt-6.1-sol"),
    "o3": (date(2026, 12, 11), "gpt-6.1-sol"),
    "gpt-5-mini": (date(2026, 12, 11), "gpt-6.1-terra"),
    "gpt-5-nano": (date(2026, 12, 11), "gpt-6-luna"),
    **dict.fromkeys(("tts-1", "tts-1-hd", "gpt-4o-mini-tts"), (date(2027, 1, 6), "gpt-realtime-2.1-mini")),
    **dict.fromkeys(("gpt-4o", "gpt-4o-mini", "gpt-4.1", "gpt-4.1-mini"), (date(2027, 1, 14), "gpt-6-luna")),
    "gpt-realtime": (date(2027, 1, 20), "gpt-realtime-2.1"),
    **dict.fromkeys(("gpt-realtime-mini", "gpt-audio-mini"), (date(2027, 1, 20), "gpt-realtime-2.1-mini")),
    **dict.fromkeys(
        ("whisper-1", "gpt-4o-transcribe", "gpt-4o-mini-transcribe", "gpt-4o-transcribe-diarize"),
        (date(2027, 2, 26), "gpt-transcribe"),
    ),
    **dict.fromkeys(("gpt-5.1", "gpt-5.4-nano"), (date(2027, 4, 1), "")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shutdown:
    """The end of a model: its last day, and its successor or an empty text."""

    model: str
    on: date
    successor: str

    def sentence(self, today: date) -> str:
        """ "gpt-4o is shut down on 14 January 2027, in 53 days. OpenAI names gpt-6-luna as its successor." """
        day = f"{self.on.day} {self.on:%B %Y}"
        days = (self.on - today).days
        if days > 0:
            said = f"{self.model} is shut down on {day}, in {days} {'day' if days == 1 else 'days'}."
        else:
            said = f"{self.model} was shut down on {day}: a call to it fails."
        return f"{said} OpenAI names {self.successor} as its successor." if self.successor else said


def shutdown_of(model: str) -> Shutdown | None:
    """The announced end of a model or of a dated snapshot of it, or None where none is known."""
    name = model.strip().lower()
    found = SHUTDOWN_DATES.get(name) or SHUTDOWN_DATES.get(SNAPSHOT.sub("", name))
    return Shutdown(model=model.strip(), on=found[0], successor=found[1]) if found else None


def shutdown_note(model: str, today: date) -> str:
    """A sentence on an end that has passed or is near; empty otherwise."""
    shutdown = shutdown_of(model)
    if shutdown is None or (shutdown.on - today).days > NEAR_DAYS:
        return ""
    return shutdown.sentence(today)
