mock_provider "aws" {}

variables {
  ami               = "ami-0123456789abcdef0"
  instance_profile  = "fleetkit-demo-us-west-2-bastion"
  key_name          = "fleetkit"
  name              = "demo"
  security_group_id = "sg-0123456789abcdef0"
  subnet_id         = "subnet-0a0000000000000a1"
  user_data_base64  = "IyEvYmluL2Jhc2gK"
}

run "has_a_static_address" {
  command = apply

  assert {
    condition     = aws_eip.this.instance == aws_instance.this.id && output.public_ip == aws_eip.this.public_ip
    error_message = "The address belongs to the bastion."
  }

  assert {
    condition     = one(aws_instance.this.metadata_options).http_tokens == "required" && one(aws_instance.this.root_block_device).encrypted
    error_message = "The bastion is as guarded as any machine."
  }
}

run "is_replaced_by_new_user_data_and_keeps_its_address" {
  command = apply

  variables {
    user_data_base64 = "IyEvYmluL2Jhc2gKdHJ1ZQo="
  }

  assert {
    condition     = output.instance_id != run.has_a_static_address.instance_id
    error_message = "Its script runs at the first boot only, so new user data needs a new instance."
  }

  assert {
    condition     = output.public_ip == run.has_a_static_address.public_ip
    error_message = "The way in stays where it was."
  }
}

run "refuses_an_image_that_is_none" {
  command = plan

  variables {
    ami = "ubuntu"
  }

  expect_failures = [var.ami]
}
