"""The migrations: they match the models, write the shipped rows with the former ids as labels, and go back."""

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from apps.providers.checks import check_label_settings

BEFORE = [("providers", "0001_profiles_and_workflows")]
AFTER = [("providers", "0002_shipped_rows")]


@pytest.mark.django_db
def test_the_migrations_match_the_models() -> None:
    call_command("makemigrations", "providers", "--check", "--dry-run", verbosity=0)


@pytest.mark.django_db(transaction=True)
def test_a_new_database_gets_the_shipped_rows_labelled_with_the_former_ids(settings) -> None:
    settings.GVSES_ASSISTANT_ID, settings.GVSES_WORKFLOW_ID = "asst_old", "wf_old"
    MigrationExecutor(connection).migrate([("providers", None)])
    executor = MigrationExecutor(connection)
    executor.migrate(AFTER)
    apps = executor.loader.project_state(AFTER).apps
    profiles = apps.get_model("providers", "AssistantProfile").objects
    assert {row.name: (row.version, row.label_ids) for row in profiles.all()} == {
        "main": (1, ["asst_old"]),
        "risk": (1, []),
    }
    design = apps.get_model("providers", "WorkflowVersion").objects.get()
    assert (design.number, design.is_live, design.label_ids) == (1, True, ["wf_old"])
    # Backwards and forwards again, as a release that is taken back does.
    MigrationExecutor(connection).migrate(BEFORE)
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes("providers"))


@pytest.mark.parametrize("name", ["GVSES_ASSISTANT_ID", "GVSES_WORKFLOW_ID"])
def test_a_setting_that_is_no_former_id_is_said_at_start(settings, name: str) -> None:
    assert check_label_settings() == []
    setattr(settings, name, "thread_1")
    [error] = check_label_settings()
    assert f"{name} is set, but “thread_1” is not an id that can be kept as a label." in str(error.msg)
