"""One spoken question and the spoken answer to it, beside the turn's row."""

from django.db import models

from apps.metrics.models.request import MODEL_LENGTH, NAME_LENGTH, PRICE_VERSION_LENGTH, RequestLog


class VoiceTurn(models.Model):
    """How a spoken turn went from ear to mouth; its tokens and provider stand in the turn's row.

    Stages overlap, so their times do not add up. NULL means unknown, as in the turn; "end of speech" is the moment at
    which voice activity ends, before the pause that confirms it.
    """

    class Outcome(models.TextChoices):
        COMPLETED = "completed", "Completed"
        INTERRUPTED = "interrupted", "Interrupted by the person"
        NOT_UNDERSTOOD = "not_understood", "No words heard"
        ASR_FAILED = "asr_failed", "Transcription failed"
        TTS_FAILED = "tts_failed", "Speech failed"
        TURN_FAILED = "turn_failed", "The answer failed"

    request = models.OneToOneField(RequestLog, on_delete=models.CASCADE, primary_key=True, related_name="voice_turn")
    session_id = models.UUIDField(verbose_name="session id")
    spoken_at = models.DateTimeField(help_text="When the person began to speak.")
    outcome = models.CharField(max_length=16, choices=Outcome)
    error = models.CharField(max_length=NAME_LENGTH, blank=True, help_text="The class of what went wrong.")
    was_barged_in = models.BooleanField(default=False, help_text="The person spoke over the answer.")
    speech_ms = models.FloatField(null=True, verbose_name="speech, ms", help_text="How long the person spoke.")
    asr_ms = models.FloatField(null=True, verbose_name="ASR, ms", help_text="End of speech to the final transcript.")
    first_token_ms = models.FloatField(
        null=True, verbose_name="talk to first token, ms", help_text="End of speech to the first text of the answer."
    )
    tts_ms = models.FloatField(
        null=True, verbose_name="TTS, ms", help_text="First sentence handed to the engine to its first audio."
    )
    voice_to_voice_ms = models.FloatField(
        null=True, verbose_name="voice to voice, ms", help_text="End of speech to the first audio sent."
    )
    heard_ms = models.FloatField(
        null=True, verbose_name="heard, ms", help_text="How much of the spoken answer was played."
    )
    asr_model = models.CharField(max_length=MODEL_LENGTH, blank=True)
    tts_model = models.CharField(max_length=MODEL_LENGTH, blank=True)
    asr_seconds = models.FloatField(null=True, help_text="Audio that was transcribed, as it is billed.")
    tts_characters = models.PositiveIntegerField(
        null=True, help_text="Characters that were spoken, as they are billed."
    )
    asr_cost_usd = models.DecimalField(max_digits=14, decimal_places=8, null=True, verbose_name="ASR cost, USD")
    tts_cost_usd = models.DecimalField(max_digits=14, decimal_places=8, null=True, verbose_name="TTS cost, USD")
    price_version = models.CharField(max_length=PRICE_VERSION_LENGTH, blank=True, default="", db_default="")

    class Meta:
        db_table = "metrics_voiceturn"
        default_permissions = ("view",)
        ordering = ["spoken_at"]
        indexes = [
            models.Index(fields=["spoken_at"], name="metrics_voiceturn_at"),
            models.Index(fields=["session_id", "spoken_at"], name="metrics_voiceturn_session"),
        ]

    def __str__(self) -> str:
        return f"Voice of {self.request_id}"
