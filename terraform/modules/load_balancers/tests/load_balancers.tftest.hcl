mock_provider "aws" {
  mock_resource "aws_lb" {
    defaults = { arn = "arn:aws:elasticloadbalancing:us-west-2:123456789012:loadbalancer/app/demo/0123456789abcdef" }
  }

  mock_resource "aws_lb_target_group" {
    defaults = { arn = "arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/demo/0123456789abcdef" }
  }
}

variables {
  bucket              = "fleetkit-demo-123456789012-us-west-2"
  master_instance_ids = { etcd1 = "i-01", etcd2 = "i-02", etcd3 = "i-03" }
  name                = "a2345678901234567890"
  private_subnet_ids  = ["subnet-0b0000000000000b1", "subnet-0b0000000000000b2"]
  public_subnet_ids   = ["subnet-0a0000000000000a1", "subnet-0a0000000000000a2"]
  security_group_ids  = { internal = "sg-01", public = "sg-02", ui = "sg-03" }
  vpc_id              = "vpc-0123456789abcdef0"
}

run "uis_run_on_all_masters_and_on_nothing_else" {
  command = apply

  assert {
    condition     = { for key, attachment in aws_lb_target_group_attachment.ui : key => attachment.target_id } == { for pair in setproduct(["etcd_browser", "fleet_ui"], ["1", "2", "3"]) : "${pair[0]}-etcd${pair[1]}" => "i-0${pair[1]}" }
    error_message = "Every master serves both UIs."
  }

  assert {
    condition     = aws_lb_target_group.ui["fleet_ui"].port == 3000 && aws_lb_target_group.ui["etcd_browser"].port == 8000
    error_message = "FleetUI listens on 3000, etcd-browser on 8000."
  }

  assert {
    condition     = alltrue([for balancer in aws_lb.ui : balancer.internal && balancer.drop_invalid_header_fields])
    error_message = "UIs are internal."
  }
}

run "balancers_are_made_as_they_must_be_from_birth" {
  command = plan

  assert {
    condition     = alltrue([for balancer in concat(values(aws_lb.ui), [aws_lb.public_web, aws_lb.internal_web]) : length(balancer.name) <= 32])
    error_message = "Names of load balancers have 32 characters at most, also with the longest name of a cluster."
  }

  assert {
    condition     = aws_lb.internal_web.security_groups == toset(["sg-01"]) && aws_lb.internal_web.enable_cross_zone_load_balancing
    error_message = "A group cannot be given later."
  }

  assert {
    condition     = aws_lb_listener.internal_ssh.port == 2222 && aws_lb_target_group.ssh.port == 22
    error_message = "SSH stands behind port 2222."
  }

  assert {
    condition = alltrue([
      for group in concat(values(aws_lb_target_group.ui), [aws_lb_target_group.public_web, aws_lb_target_group.internal_web]) :
      one(group.health_check).protocol == "HTTP" && one(group.health_check).path == "/"
    ])
    error_message = "An open port alone is no health."
  }

  assert {
    condition     = alltrue([for balancer in concat(values(aws_lb.ui), [aws_lb.public_web, aws_lb.internal_web]) : one(balancer.access_logs).enabled && one(balancer.access_logs).prefix == "logs"])
    error_message = "Access logs go to the cluster's bucket."
  }

  assert {
    condition     = length(aws_lb_listener.public_https) == 0 && one(aws_lb_listener.public_http.default_action).type == "forward"
    error_message = "Port 80 serves where there is nothing else."
  }
}

run "with_a_certificate_80_redirects" {
  command = plan

  variables {
    certificate_arn = "arn:aws:acm:us-west-2:123456789012:certificate/0a1b2c3d"
  }

  assert {
    condition     = one(aws_lb_listener.public_http.default_action).type == "redirect" && aws_lb_listener.public_https[0].port == 443
    error_message = "With a certificate, port 80 only sends on to 443."
  }
}

run "refuses_a_name_that_amazon_keeps" {
  command = plan

  variables {
    name = "internal-demo"
  }

  expect_failures = [var.name]
}
