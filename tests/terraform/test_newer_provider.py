"""The one text of our Terraform code must also suit provider 6.x, which cannot be run offline: compared by schema."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.terraform_schema import compare_file, read_blocks, read_schema

TERRAFORM = Path(__file__).resolve().parents[2] / "terraform"
SCHEMA = read_schema(Path(__file__).parent / "fixtures" / "aws-provider-6.62.0.json")
FILES = sorted(TERRAFORM.rglob("*.tf"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(TERRAFORM)))
def test_every_file_suits_the_newer_provider(path: Path) -> None:
    assert compare_file(path, SCHEMA) == []


def test_the_comparison_sees_every_kind_of_resource_that_is_in_use() -> None:
    used = {block.key for path in FILES for block in read_blocks(path)}
    assert used == SCHEMA.keys(), "regenerate the fixture: python tests/terraform/extract_schema.py"


PLANTED = {
    "an argument that only 3.39 has": (
        'resource "aws_eip" "a" {\n  vpc = true\n}\n',
        "there is no argument vpc",
    ),
    "a block that only 3.39 has": (
        'resource "aws_launch_template" "a" {\n  elastic_gpu_specifications {\n    type = "eg1.medium"\n  }\n}\n',
        "there is no block elastic_gpu_specifications",
    ),
    "a dynamic block that only 3.39 has": (
        'resource "aws_launch_template" "a" {\n  dynamic "elastic_gpu_specifications" {\n    for_each = [1]\n'
        '    content {\n      type = "eg1.medium"\n    }\n  }\n}\n',
        "there is no block elastic_gpu_specifications",
    ),
    "an unknown argument inside a block": (
        'resource "aws_instance" "a" {\n  metadata_options {\n    http_token = "required"\n  }\n}\n',
        "there is no argument http_token",
    ),
    "an argument written as a block's own name": (
        'resource "aws_autoscaling_group" "a" {\n  max_size = 1\n  min_size = 1\n  tags = []\n}\n',
        "there is no argument tags",
    ),
    "a required argument left out": (
        'resource "aws_security_group_rule" "a" {\n  type = "ingress"\n  from_port = 1\n  to_port = 1\n'
        '  protocol = "tcp"\n}\n',
        "the argument security_group_id is required",
    ),
    "a required argument of a block left out": (
        'resource "aws_route53_zone" "a" {\n  name = "a.internal"\n  vpc {\n  }\n}\n',
        "the argument vpc_id is required",
    ),
    "an attribute that can only be read": (
        'resource "aws_lb" "a" {\n  dns_name = "a"\n}\n',
        "dns_name can only be read",
    ),
    "a resource that is gone": (
        'resource "aws_db_security_group" "a" {\n}\n',
        "the provider has no resource.aws_db_security_group",
    ),
    "a data source that is gone": (
        'data "aws_nobody" "a" {\n}\n',
        "the provider has no data.aws_nobody",
    ),
    "an output that reads what is gone": (
        'output "a" {\n  value = aws_eip.a.vpc\n}\n',
        "resource.aws_eip has no attribute vpc",
    ),
    "an indexed reference": (
        'locals {\n  a = [aws_instance.a["x"].cpu_core_count]\n}\n',
        "resource.aws_instance has no attribute cpu_core_count",
    ),
    "a loop over resources": (
        'output "a" {\n  value = { for key, one in aws_instance.a : key => one.cpu_core_count }\n}\n',
        "resource.aws_instance has no attribute cpu_core_count",
    ),
    "a resource for each of others": (
        'resource "aws_eip" "a" {\n  for_each = aws_instance.a\n  instance = each.value.host_name\n}\n',
        "resource.aws_instance has no attribute host_name",
    ),
    "a module argument that reads what is gone": (
        'module "a" {\n  source = "./a"\n  b = data.aws_s3_bucket_objects.a.names\n}\n',
        "data.aws_s3_bucket_objects has no attribute names",
    ),
}


@pytest.mark.parametrize("case", PLANTED)
def test_a_planted_mistake_is_found(case: str, tmp_path: Path) -> None:
    text, expected = PLANTED[case]
    (tmp_path / "planted.tf").write_text(text, encoding="utf-8")
    problems = compare_file(tmp_path / "planted.tf", SCHEMA)
    assert len(problems) == 1
    assert expected in problems[0]
