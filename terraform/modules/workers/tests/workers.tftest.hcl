mock_provider "aws" {}

variables {
  ami               = "ami-0123456789abcdef0"
  bounds            = { minimum = 0, maximum = 25, desired = 2 }
  instance_profile  = "fleetkit-demo-us-west-2-internal"
  key_name          = "fleetkit"
  name              = "demo"
  pool              = "internal"
  security_group_id = "sg-0123456789abcdef0"
  subnet_ids        = ["subnet-0a0000000000000a1", "subnet-0a0000000000000a2"]
  tags              = { "fleetkit:cluster" = "demo" }
  user_data_base64  = "e30="
}

run "keeps_the_bounds_and_spreads_over_the_subnets" {
  command = plan

  assert {
    condition     = aws_autoscaling_group.this.min_size == 0 && aws_autoscaling_group.this.max_size == 25 && aws_autoscaling_group.this.desired_capacity == 2
    error_message = "The bounds are the caller's."
  }

  assert {
    condition     = toset(aws_autoscaling_group.this.vpc_zone_identifier) == toset(var.subnet_ids)
    error_message = "The pool spreads over all subnets."
  }

  assert {
    condition     = toset([for tag in aws_autoscaling_group.this.tag : tag.key if tag.propagate_at_launch]) == toset(["Name", "fleetkit:cluster", "fleetkit:pool", "fleetkit:role"])
    error_message = "Instances carry the cluster's tags."
  }

  assert {
    condition     = length(aws_autoscaling_group.this.instance_refresh) == 0
    error_message = "Nothing but fleetkit ends a worker, once it has emptied it."
  }

  assert {
    condition     = one(aws_launch_template.this.metadata_options).http_tokens == "required" && one(aws_launch_template.this.metadata_options).http_put_response_hop_limit == 1
    error_message = "Metadata needs a token and stays on the machine."
  }
}

run "refuses_bounds_that_contradict_each_other_and_user_data_in_clear" {
  command = plan

  variables {
    bounds           = { minimum = 3, maximum = 5, desired = 2 }
    user_data_base64 = "{}"
  }

  expect_failures = [var.bounds, var.user_data_base64]
}
