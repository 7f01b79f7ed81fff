"""What docs/workflows.md tells people is what the code does."""

import json
import re
from pathlib import Path
from typing import get_args

import pytest

from apps.providers.shipped import PROFILES
from apps.providers.workflow import schema
from apps.providers.workflow.graph import parse_graph

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs/workflows.md").read_text()
NODES = {
    get_args(model.model_fields["type"].annotation)[0]: model
    for model in (
        schema.ClassifyNode,
        schema.BranchNode,
        schema.ChartCommandNode,
        schema.AgentNode,
        schema.ApprovalNode,
        schema.ReplyNode,
    )
}


def test_the_example_is_a_design() -> None:
    [example] = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
    graph = parse_graph(example, profiles=PROFILES)
    assert {node.type for node in graph.nodes.values()} == set(NODES)
    assert json.loads(example)["schema"] == 1


@pytest.mark.parametrize("node_type", NODES)
def test_each_nodes_table_names_every_field_and_no_other(node_type: str) -> None:
    table = re.search(rf"^\*\*{node_type}\*\* .*?\n\n(.*?)\n\n", TEXT, re.DOTALL | re.MULTILINE)
    assert table is not None
    told = {row.split(".")[0] for row in re.findall(r"^\| `([\w.]+)`", table.group(1), re.MULTILINE)} - {"when"}
    assert told == set(NODES[node_type].model_fields) - {"type", "label"}
    if node_type == "branch":
        conditions = set(re.findall(r"^\| `when\.(\w+)`", table.group(1), re.MULTILINE))
        assert conditions == set(schema.When.model_fields)


def test_every_link_and_path_leads_somewhere() -> None:
    links = [(ROOT / "docs" / link) for link in re.findall(r"\]\((?!https?:)([^)#]+)\)", TEXT)]
    paths = [ROOT / path for path in re.findall(r"`((?:apps|docs)/[\w./-]*)`", TEXT)]
    assert links
    assert paths
    assert [str(path) for path in (*links, *paths) if not path.exists()] == []
