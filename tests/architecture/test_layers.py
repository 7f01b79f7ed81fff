"""An import points down the layers, never up and never across; the rooms stay what the map says they are."""

import ast
from pathlib import Path

import pytest

APPS = Path(__file__).parents[2] / "apps"
# From the ground up. Apps on one line do not know each other.
LAYERS = [
    {"core"},
    {"market", "tracing"},
    {"providers"},
    # The sandbox lets the analyst think; nobody imports the sandbox.
    {"routing", "sandbox"},
    {"metrics"},
    {"assistant"},
    {"chat", "voice"},
]
LEVEL = {app: level for level, apps in enumerate(LAYERS) for app in apps}
APART = {"sandbox"}


def imported_modules(file: Path) -> list[str]:
    """Every module or name a file imports, dotted, inside functions too."""
    modules = []
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules += [f"{node.module}.{alias.name}" for alias in node.names]
    return modules


def imported_apps(file: Path) -> set[str]:
    return {module.split(".")[1] for module in imported_modules(file) if module.startswith("apps.")}


@pytest.mark.parametrize("app", sorted(path.name for path in APPS.iterdir() if (path / "__init__.py").exists()))
def test_an_app_imports_only_what_lies_below_it(app: str) -> None:
    wrong = [
        f"{file.relative_to(APPS)} imports apps.{other}"
        for file in sorted((APPS / app).rglob("*.py"))
        for other in imported_apps(file) - {app}
        if LEVEL[other] >= LEVEL[app] or other in APART
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("sdks", "allowed"),
    [
        ({"openai", "agents"}, {"providers", "voice"}),
        ({"langfuse", "opentelemetry", "sentry_sdk", "prometheus_client"}, {"tracing"}),
    ],
)
def test_a_vendor_s_sdk_is_imported_in_its_own_room_only(sdks: set[str], allowed: set[str]) -> None:
    wrong = [
        str(file.relative_to(APPS))
        for file in sorted(APPS.rglob("*.py"))
        if {module.split(".")[0] for module in imported_modules(file)} & sdks
        and file.relative_to(APPS).parts[0] not in allowed
    ]
    assert not wrong
