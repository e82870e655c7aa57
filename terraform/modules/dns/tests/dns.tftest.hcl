mock_provider "aws" {}

variables {
  load_balancers = { fleet-ui = { dns_name = "demo-fleet-ui-1.us-west-2.elb.amazonaws.com", zone_id = "Z1H1FL5HABSF5" } }
  members        = { etcd1 = "10.10.3.100", etcd2 = "10.10.4.100", etcd3 = "10.10.5.100" }
  name           = "demo"
  vpc_id         = "vpc-0123456789abcdef0"
  zone_name      = "demo.internal"
}

run "members_are_found_by_name_and_by_service" {
  command = plan

  assert {
    condition     = aws_route53_record.member["etcd2"].name == "etcd2.demo.internal" && aws_route53_record.member["etcd2"].records == toset(["10.10.4.100"])
    error_message = "Every member has its name."
  }

  assert {
    condition     = aws_route53_record.service["client"].name == "_etcd-client-ssl._tcp.demo.internal" && contains(aws_route53_record.service["client"].records, "0 0 2379 etcd1.demo.internal")
    error_message = "Clients find members by the SRV record."
  }

  assert {
    condition     = length(aws_route53_record.service["server"].records) == 3 && contains(aws_route53_record.service["server"].records, "0 0 2380 etcd3.demo.internal")
    error_message = "Members find each other by the SRV record."
  }

  assert {
    condition     = one(aws_route53_record.load_balancer["fleet-ui"].alias).name == "demo-fleet-ui-1.us-west-2.elb.amazonaws.com"
    error_message = "UIs have their names too."
  }

  assert {
    condition     = [for vpc in aws_route53_zone.private.vpc : vpc.vpc_id] == ["vpc-0123456789abcdef0"]
    error_message = "The zone is private to the VPC."
  }
}

run "refuses_what_is_no_domain_and_no_label" {
  command = plan

  variables {
    members   = { "etcd_1" = "10.10.3.100" }
    zone_name = "internal"
  }

  expect_failures = [var.members, var.zone_name]
}
