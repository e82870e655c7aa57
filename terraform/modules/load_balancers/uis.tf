locals {
  # Short names, so that the longest cluster name still fits into the 32 characters of a load balancer's.
  uis = {
    etcd_browser = { short = "etcd-ui", port = 8000 }
    fleet_ui     = { short = "fleet-ui", port = 3000 }
  }

  ui_targets = {
    for pair in setproduct(keys(local.uis), keys(var.master_instance_ids)) :
    "${pair[0]}-${pair[1]}" => { ui = pair[0], master = pair[1] }
  }
}

resource "aws_lb" "ui" {
  for_each = local.uis

  name                       = "${var.name}-${each.value.short}"
  load_balancer_type         = "application"
  internal                   = true
  subnets                    = var.private_subnet_ids
  security_groups            = [var.security_group_ids.ui]
  drop_invalid_header_fields = true
  tags                       = local.tags[each.value.short]

  access_logs {
    bucket  = var.bucket
    prefix  = "logs"
    enabled = true
  }
}

resource "aws_lb_target_group" "ui" {
  for_each = local.uis

  name                 = "${var.name}-${each.value.short}"
  vpc_id               = var.vpc_id
  port                 = each.value.port
  protocol             = "HTTP"
  deregistration_delay = 30
  tags                 = local.tags[each.value.short]

  health_check {
    path                = "/"
    port                = "traffic-port"
    protocol            = "HTTP"
    matcher             = "200-399"
    healthy_threshold   = 2
    unhealthy_threshold = 3
    interval            = 10
    timeout             = 5
  }
}

resource "aws_lb_target_group_attachment" "ui" {
  for_each = local.ui_targets

  target_group_arn = aws_lb_target_group.ui[each.value.ui].arn
  target_id        = var.master_instance_ids[each.value.master]
}

resource "aws_lb_listener" "ui" {
  for_each = local.uis

  load_balancer_arn = aws_lb.ui[each.key].arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.ui[each.key].arn
  }
}
