locals {
  tags = merge(var.tags, { Name = "${var.name}-bastion", "fleetkit:role" = "bastion" })
}

resource "aws_instance" "this" {
  ami                    = var.ami
  instance_type          = var.instance_type
  key_name               = var.key_name
  subnet_id              = var.subnet_id
  vpc_security_group_ids = [var.security_group_id]
  iam_instance_profile   = var.instance_profile
  user_data_base64       = var.user_data_base64
  tags                   = local.tags

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  root_block_device {
    encrypted   = true
    volume_size = var.disk_gb
    volume_type = "gp3"
    tags        = local.tags
  }

  lifecycle {
    # Its script runs at the first boot only; a newer provider would restart the instance on new user data, to no effect.
    ignore_changes       = [user_data, user_data_base64]
    replace_triggered_by = [terraform_data.user_data]
  }
}

resource "terraform_data" "user_data" {
  triggers_replace = sha256(var.user_data_base64)
}

# The address outlives the instance, so the way in stays the same when the bastion is replaced.
resource "aws_eip" "this" {
  instance = aws_instance.this.id
  tags     = local.tags
}
