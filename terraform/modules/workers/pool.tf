locals {
  full_name = "${var.name}-${var.pool}"
  tags      = merge(var.tags, { Name = local.full_name, "fleetkit:pool" = var.pool, "fleetkit:role" = var.pool })
}

resource "aws_launch_template" "this" {
  name                   = local.full_name
  description            = "Workers of pool ${var.pool} of cluster ${var.name}"
  image_id               = var.ami
  instance_type          = var.instance_type
  key_name               = var.key_name
  user_data              = var.user_data_base64
  vpc_security_group_ids = [var.security_group_id]
  update_default_version = true
  tags                   = local.tags

  iam_instance_profile {
    name = var.instance_profile
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  # Flatcar's root device; another name would add a second volume and leave the root as the image has it.
  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      delete_on_termination = true
      encrypted             = true
      volume_size           = var.disk_gb
      volume_type           = "gp3"
    }
  }

  # The group tags instances at their launch; their volumes are tagged here.
  # (Network interfaces cannot be: provider 3.39 does not know them in this place.)
  tag_specifications {
    resource_type = "volume"
    tags          = local.tags
  }
}

resource "aws_autoscaling_group" "this" {
  name                = local.full_name
  min_size            = var.bounds.minimum
  max_size            = var.bounds.maximum
  desired_capacity    = var.bounds.desired
  vpc_zone_identifier = var.subnet_ids
  target_group_arns   = var.target_group_arns

  # A worker without units answers no web request and is well all the same; the load balancer's judgement would end it.
  health_check_type         = "EC2"
  health_check_grace_period = 300

  # Those of the oldest image go first when the pool shrinks.
  termination_policies = ["OldestLaunchTemplate", "Default"]

  launch_template {
    id      = aws_launch_template.this.id
    version = aws_launch_template.this.latest_version
  }

  dynamic "tag" {
    for_each = local.tags

    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = true
    }
  }
}
