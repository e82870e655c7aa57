"""What depends on what, out of what Terraform draws."""

from __future__ import annotations

import pytest
from support.tf_configuration import Bench

from fleetkit.core import TerraformError
from fleetkit.terraform import ResourceGraph

DOT = """
digraph G {
  rankdir = "RL";
  subgraph "cluster_module.etcd" {
    label = "module.etcd"
    "module.etcd.aws_instance.member" [label="aws_instance.member"];
    "module.etcd.data.aws_ami.image" [label="data.aws_ami.image"];
  }
  "aws_vpc.this" [label="aws_vpc.this"];
  "aws_subnet.private" [label="aws_subnet.private"];
  "module.etcd.aws_instance.member" -> "module.etcd.data.aws_ami.image";
  "module.etcd.data.aws_ami.image" -> "aws_subnet.private";
  "aws_subnet.private" -> "aws_vpc.this";
}
"""


def test_resources_are_nodes_and_what_they_need_by_way_of_a_data_source_counts() -> None:
    graph = ResourceGraph.from_dot(DOT)
    assert graph.nodes == ("module.etcd.aws_instance.member", "aws_vpc.this", "aws_subnet.private")
    assert graph.edges == {
        ("module.etcd.aws_instance.member", "aws_subnet.private"),
        ("aws_subnet.private", "aws_vpc.this"),
    }


def test_what_is_no_graph_is_refused_with_its_beginning() -> None:
    with pytest.raises(TerraformError, match="Error: no configuration"):
        ResourceGraph.from_dot("Error: no configuration")


@pytest.mark.sandbox
def test_a_real_terraform_tells_it_before_anything_is_made(each_bench: Bench) -> None:
    graph = each_bench.prepared().graph()
    assert set(graph.nodes) == {
        "terraform_data.login",
        "module.etcd.terraform_data.member",
        "module.workers.terraform_data.pool",
    }
