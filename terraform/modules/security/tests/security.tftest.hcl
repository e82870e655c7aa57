mock_provider "aws" {}

variables {
  bucket        = "fleetkit-demo-123456789012-us-west-2"
  name          = "demo"
  operator_cidr = "198.51.100.7/32"
  region        = "us-west-2"
  vpc_id        = "vpc-0123456789abcdef0"
}

run "with_a_bastion" {
  command = plan

  assert {
    condition     = contains(keys(aws_security_group.this), "bastion") && !contains(keys(aws_security_group.this), "deploy")
    error_message = "There is a group for the bastion, and none for a deploy host that is not there."
  }

  assert {
    condition     = [for name, rule in aws_security_group_rule.in : name if try(contains(rule.cidr_blocks, "0.0.0.0/0"), false)] == ["http-from-world-to-lb-public"]
    error_message = "The world reaches port 80 of the public load balancer and nothing else."
  }

  assert {
    condition     = aws_security_group_rule.in["etcd-peer-from-master-to-master"].self
    error_message = "Members reach each other through their own group."
  }

  assert {
    condition     = [for name in keys(aws_security_group_rule.out) : name if startswith(name, "http-from-bastion-")] == ["http-from-bastion-to-world"]
    error_message = "What leaves the bastion on port 80 has one rule, the widest."
  }
}

run "with_a_vpn" {
  command = plan

  variables {
    operator_cidr = null
    vpn_cidr      = "172.16.0.0/22"
  }

  assert {
    condition     = !contains(keys(aws_security_group.this), "bastion") && !contains(keys(aws_iam_role.this), "bastion")
    error_message = "Without a bastion there is neither group nor role of one."
  }

  assert {
    condition     = aws_security_group_rule.in["etcd-client-from-vpn-to-master"].cidr_blocks == tolist(["172.16.0.0/22"])
    error_message = "etcd is reached from the VPN."
  }

  assert {
    condition     = !contains(keys(aws_security_group_rule.out), "etcd-client-from-vpn-to-master")
    error_message = "A network of yours has no group to let it out of."
  }
}

run "with_https_and_a_deploy_host" {
  command = plan

  variables {
    deploy_host = true
    https       = true
  }

  assert {
    condition     = aws_security_group_rule.in["https-from-world-to-lb-public"].from_port == 443
    error_message = "443 is open where the public load balancer listens on it."
  }

  assert {
    condition     = jsondecode(aws_iam_role_policy.leave_mark["deploy"].policy).Statement[0].Resource == ["arn:aws:s3:::fleetkit-demo-123456789012-us-west-2/roles/deploy/done"]
    error_message = "The deploy host writes its mark and nothing else."
  }

  assert {
    condition     = keys(aws_iam_role_policy.leave_mark) == ["deploy"]
    error_message = "No other role writes anything."
  }
}

run "names_objects_in_the_partition_of_the_region" {
  command = plan

  variables {
    region = "us-gov-west-1"
  }

  assert {
    condition     = startswith(jsondecode(aws_iam_role_policy.read_own_files["master"].policy).Statement[0].Resource[0], "arn:aws-us-gov:s3:::")
    error_message = "GovCloud has a partition of its own."
  }
}

run "refuses_two_ways_in" {
  command = plan

  variables {
    vpn_cidr = "172.16.0.0/22"
  }

  expect_failures = [var.vpn_cidr]
}
