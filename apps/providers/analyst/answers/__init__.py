"""Answers by intent: each file turns the facts of a turn into paragraphs, key point first."""
