mock_provider "aws" {
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:us-west-2:123456789012:log-group:/fleetkit/demo/flow-logs" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/fleetkit-demo-us-west-2-flow-logs" }
  }
}

variables {
  account_id      = "123456789012"
  cidr            = "10.10.0.0/16"
  name            = "demo"
  private_subnets = ["10.10.3.0/24", "10.10.4.0/24", "10.10.5.0/24"]
  public_subnets  = ["10.10.0.0/24", "10.10.1.0/24", "10.10.2.0/24"]
  region          = "us-west-2"
  zones           = ["us-west-2a", "us-west-2b", "us-west-2c"]
}

run "zones_share_nat_gateways_in_turn" {
  command = apply

  variables {
    nat_gateways = 2
  }

  assert {
    condition     = keys(aws_nat_gateway.this) == ["us-west-2a", "us-west-2b"]
    error_message = "Two NAT gateways stand in the first two zones."
  }

  assert {
    condition = { for zone, route in aws_route.nat : zone => route.nat_gateway_id } == {
      us-west-2a = aws_nat_gateway.this["us-west-2a"].id
      us-west-2b = aws_nat_gateway.this["us-west-2b"].id
      us-west-2c = aws_nat_gateway.this["us-west-2a"].id
    }
    error_message = "The third zone uses the first zone's gateway."
  }

  assert {
    condition     = length(aws_vpc_endpoint.s3.route_table_ids) == 4
    error_message = "Every route table leads to S3 without a NAT gateway."
  }

  assert {
    condition     = output.private_subnet_ids == [for zone in ["a", "b", "c"] : aws_subnet.private["us-west-2${zone}"].id]
    error_message = "Subnets come in the order of zones."
  }
}

run "one_nat_gateway_serves_all" {
  command = plan

  assert {
    condition     = length(aws_nat_gateway.this) == 1 && length(aws_route.nat) == 3
    error_message = "One NAT gateway, and every private subnet has its way out."
  }

  assert {
    condition     = aws_flow_log.vpc.traffic_type == "ALL" && aws_cloudwatch_log_group.flow.retention_in_days == 90
    error_message = "All traffic is logged and kept for 90 days."
  }

  assert {
    condition     = alltrue([for subnet in aws_subnet.public : !subnet.map_public_ip_on_launch])
    error_message = "Public addresses are brought, never handed out."
  }
}

run "refuses_what_cannot_be" {
  command = plan

  variables {
    cidr               = "10.10.0.0"
    log_retention_days = 100
    nat_gateways       = 4
    private_subnets    = ["10.10.3.0/24"]
  }

  expect_failures = [var.cidr, var.log_retention_days, var.nat_gateways, var.private_subnets]
}
