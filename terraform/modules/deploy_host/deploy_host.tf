# A machine with one task and an end of its own: it starts the cluster's first units and powers itself off, which terminates it.
# Before that it leaves a mark in the bucket, and while the mark is there Terraform wants no such machine.
# So a plan after its end is empty, and a host that ended without finishing is made again.

data "aws_s3_bucket_objects" "mark" {
  count = var.look_for_mark ? 1 : 0

  bucket = var.bucket
  prefix = "roles/deploy/done"
}

locals {
  is_done = contains(flatten(data.aws_s3_bucket_objects.mark[*].keys), "roles/deploy/done")
  tags    = merge(var.tags, { Name = "${var.name}-deploy", "fleetkit:role" = "deploy" })
}

resource "aws_instance" "this" {
  count = local.is_done ? 0 : 1

  ami                                  = var.ami
  instance_type                        = var.instance_type
  key_name                             = var.key_name
  subnet_id                            = var.subnet_id
  vpc_security_group_ids               = [var.security_group_id]
  iam_instance_profile                 = var.instance_profile
  user_data_base64                     = var.user_data_base64
  instance_initiated_shutdown_behavior = "terminate"
  tags                                 = local.tags

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
    # What changes while it works is no reason to begin again.
    ignore_changes = [ami, ebs_optimized, instance_type, key_name, user_data, user_data_base64]
  }
}
