"""What a question is after and what an answer claims, read from the text alone by written, versioned rules.

`intent.py` defines the six intents and `claims.py` the three claims; `labelled/` holds answers labelled by those
definitions, `quality.json` how often the rules agree with the labels. All rules are pure: the same text gives the same
reading, whoever serves, whatever was said before, today and when old rows are read again.
"""

from apps.metrics.classifiers.claims import Claims, classify
from apps.metrics.classifiers.intent import Intent, intent_of
from apps.metrics.classifiers.version import CLASSIFIER_VERSION

__all__ = ["CLASSIFIER_VERSION", "Claims", "Intent", "classify", "intent_of"]
