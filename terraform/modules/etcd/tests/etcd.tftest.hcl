mock_provider "aws" {}

variables {
  ami               = "ami-0123456789abcdef0"
  instance_profile  = "fleetkit-demo-us-west-2-master"
  key_name          = "fleetkit"
  name              = "demo"
  security_group_id = "sg-0123456789abcdef0"

  members = {
    etcd1 = { address = "10.10.3.100", subnet_id = "subnet-0a0000000000000a1", user_data_base64 = "b25l" }
    etcd2 = { address = "10.10.4.100", subnet_id = "subnet-0a0000000000000a2", user_data_base64 = "dHdv" }
    etcd3 = { address = "10.10.5.100", subnet_id = "subnet-0a0000000000000a3", user_data_base64 = "dGhyZWU=" }
  }
}

run "makes_one_instance_for_each_member" {
  command = apply

  assert {
    condition     = { for member, instance in aws_instance.member : member => instance.private_ip } == { for member, place in var.members : member => place.address }
    error_message = "Every member has its static address."
  }

  assert {
    condition     = alltrue([for instance in aws_instance.member : instance.disable_api_termination])
    error_message = "Members are protected unless told otherwise."
  }

  assert {
    condition     = output.endpoints["etcd2"] == "https://10.10.4.100:2379"
    error_message = "Endpoints are client URLs."
  }
}

run "changes_no_member_that_runs" {
  command = apply

  variables {
    ami           = "ami-0fedcba9876543210"
    instance_type = "m5.large"
    key_name      = "another"

    members = {
      etcd1 = { address = "10.10.3.100", subnet_id = "subnet-0a0000000000000a1", user_data_base64 = "bmV3" }
      etcd2 = { address = "10.10.4.100", subnet_id = "subnet-0a0000000000000a2", user_data_base64 = "bmV3" }
      etcd3 = { address = "10.10.5.100", subnet_id = "subnet-0a0000000000000a3", user_data_base64 = "bmV3" }
    }
  }

  assert {
    condition     = output.instance_ids == run.makes_one_instance_for_each_member.instance_ids
    error_message = "A new image, type, key or user data must not replace members that run."
  }

  assert {
    condition     = alltrue([for instance in aws_instance.member : instance.ami == "ami-0123456789abcdef0" && instance.instance_type == "t3.small"])
    error_message = "Nor stop them."
  }
}

run "lifts_the_protection_when_told" {
  command = apply

  variables {
    termination_protection = false
  }

  assert {
    condition     = !anytrue([for instance in aws_instance.member : instance.disable_api_termination])
    error_message = "The protection must be lifted in place."
  }
}

run "refuses_an_even_number" {
  command = plan

  variables {
    members = {
      etcd1 = { address = "10.10.3.100", subnet_id = "subnet-0a0000000000000a1", user_data_base64 = "b25l" }
      etcd2 = { address = "10.10.4.100", subnet_id = "subnet-0a0000000000000a2", user_data_base64 = "dHdv" }
    }
  }

  expect_failures = [var.members]
}

run "refuses_one_address_twice" {
  command = plan

  variables {
    members = {
      etcd1 = { address = "10.10.3.100", subnet_id = "subnet-0a0000000000000a1", user_data_base64 = "b25l" }
      etcd2 = { address = "10.10.3.100", subnet_id = "subnet-0a0000000000000a1", user_data_base64 = "dHdv" }
      etcd3 = { address = "10.10.5.100", subnet_id = "subnet-0a0000000000000a3", user_data_base64 = "dGhyZWU=" }
    }
  }

  expect_failures = [var.members]
}
