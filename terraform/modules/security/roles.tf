locals {
  partition = startswith(var.region, "us-gov-") ? "aws-us-gov" : startswith(var.region, "cn-") ? "aws-cn" : "aws"
  objects   = "arn:${local.partition}:s3:::${var.bucket}"

  # What each role may read: its own files, and release archives where fleet runs.
  readable = {
    for role in concat(local.fleet, local.bastion) : role => concat(
      ["${local.objects}/roles/${role}/*"],
      role == "bastion" ? [] : ["${local.objects}/archives/*"],
    )
  }

  # The deploy host leaves one mark: that its work is done.
  writable = { for role in local.deploy : role => ["${local.objects}/roles/deploy/done"] }
}

resource "aws_iam_role" "this" {
  for_each = local.readable

  name        = "fleetkit-${var.name}-${var.region}-${each.key}"
  description = "Role ${each.key} of cluster ${var.name}"
  tags        = merge(var.tags, { Name = "${var.name}-${each.key}", "fleetkit:role" = each.key })

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ec2.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "read_own_files" {
  for_each = local.readable

  name = "read-own-files"
  role = aws_iam_role.this[each.key].id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = each.value }]
  })
}

resource "aws_iam_role_policy" "leave_mark" {
  for_each = local.writable

  name = "leave-mark"
  role = aws_iam_role.this[each.key].id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:PutObject", Resource = each.value }]
  })
}

resource "aws_iam_instance_profile" "this" {
  for_each = local.readable

  name = aws_iam_role.this[each.key].name
  role = aws_iam_role.this[each.key].name
  tags = merge(var.tags, { Name = "${var.name}-${each.key}", "fleetkit:role" = each.key })
}
