"""The sessions of the drive through the faults."""

SESSION = "5e551011-0000-4000-8000-000000000001"
UTTERANCE = {"session_id": "5e551011-0000-4000-8000-000000000002", "request_id": "u-1"}
