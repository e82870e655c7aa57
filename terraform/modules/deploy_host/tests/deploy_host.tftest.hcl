mock_provider "aws" {}

variables {
  ami               = "ami-0123456789abcdef0"
  bucket            = "fleetkit-demo-123456789012-us-west-2"
  instance_profile  = "fleetkit-demo-us-west-2-deploy"
  key_name          = "fleetkit"
  name              = "demo"
  security_group_id = "sg-0123456789abcdef0"
  subnet_id         = "subnet-0a0000000000000a1"
  user_data_base64  = "e30="
}

run "is_made_while_its_work_is_to_be_done" {
  command = plan

  override_data {
    target = data.aws_s3_bucket_objects.mark[0]
    values = { keys = [] }
  }

  assert {
    condition     = length(aws_instance.this) == 1 && aws_instance.this[0].instance_initiated_shutdown_behavior == "terminate"
    error_message = "It ends itself by powering off."
  }
}

run "is_not_wanted_back_when_its_work_is_done" {
  command = plan

  override_data {
    target = data.aws_s3_bucket_objects.mark[0]
    values = { keys = ["roles/deploy/done"] }
  }

  assert {
    condition     = length(aws_instance.this) == 0 && output.is_done
    error_message = "The mark says that there is nothing left to do."
  }
}

run "another_object_is_no_mark" {
  command = plan

  override_data {
    target = data.aws_s3_bucket_objects.mark[0]
    values = { keys = ["roles/deploy/done-by-somebody"] }
  }

  assert {
    condition     = length(aws_instance.this) == 1
    error_message = "Only the mark itself counts."
  }
}

run "refuses_a_bucket_that_is_none" {
  command = plan

  variables {
    bucket = "Not_A_Bucket"
  }

  override_data {
    target = data.aws_s3_bucket_objects.mark[0]
    values = { keys = [] }
  }

  expect_failures = [var.bucket]
}

run "is_made_where_there_is_no_bucket_to_look_into" {
  command = plan

  variables {
    look_for_mark = false
  }

  assert {
    condition     = length(aws_instance.this) == 1 && length(data.aws_s3_bucket_objects.mark) == 0
    error_message = "A first plan comes before the bucket."
  }
}
