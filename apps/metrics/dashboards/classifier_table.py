"""How far the classifiers behind the figures can be trusted: precision and recall on labelled answers."""

from collections.abc import Mapping

from apps.metrics.classifiers.quality import Quality
from apps.metrics.classifiers.scores import Score
from apps.metrics.dashboards.figures import Unit, plain, share
from apps.metrics.dashboards.panels import Cell, Column, Row, Table

NAMES = {
    "has_risk_disclaimer": "Risk disclaimer",
    "mentions_stop_loss": "Stop-loss",
    "has_entry_exit": "Entry and exit",
}


def classifier_table(quality: Quality) -> Table:
    """Of the answers that no rule was made after, which is what new answers meet."""
    found = quality.held_out
    return Table(
        key="classifiers",
        title="How good the classifiers are",
        first="Classifier",
        first_key="classifier",
        columns=(
            Column(key="labelled", label="Labelled", help="Answers that have it, by the written definition."),
            Column(key="precision_percent", label="Precision, %", help="Of those found, the share that has it."),
            Column(key="recall_percent", label="Recall, %", help="Of those that have it, the share that is found."),
        ),
        rows=(*_rows(found.claims, NAMES), *_rows(found.intents, {name: f"Intent: {name}" for name in found.intents})),
        note=f"Rules of version {quality.version} on {found.n} labelled answers that no rule was made after. "
        "A row keeps the version that read it; “manage.py reclassify” reads older ones again.",
    )


def _rows(scores: Mapping[str, Score], names: Mapping[str, str]) -> list[Row]:
    return [
        Row(
            label=names.get(name, name),
            name=name,
            cells=tuple(
                Cell(figure=figure)
                for figure in (
                    plain(score.positives, unit=Unit.COUNT, n=score.positives, noun="answer"),
                    share(score.hits, score.found, noun="answer"),
                    share(score.hits, score.positives, noun="answer"),
                )
            ),
        )
        for name, score in scores.items()
    ]
