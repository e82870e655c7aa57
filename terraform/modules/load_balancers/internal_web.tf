# A network load balancer, because it carries SSH beside the web.
# Its group is given at its creation: one that was made without can never wear one.
resource "aws_lb" "internal_web" {
  name                             = "${var.name}-internal"
  load_balancer_type               = "network"
  internal                         = true
  subnets                          = var.private_subnet_ids
  security_groups                  = [var.security_group_ids.internal]
  enable_cross_zone_load_balancing = true
  tags                             = local.tags["internal"]

  access_logs {
    bucket  = var.bucket
    prefix  = "logs"
    enabled = true
  }
}

# Services of the pool call each other through here: with the client's address kept, a worker could not reach itself.
resource "aws_lb_target_group" "internal_web" {
  name                 = "${var.name}-internal"
  vpc_id               = var.vpc_id
  port                 = 80
  protocol             = "TCP"
  preserve_client_ip   = false
  deregistration_delay = 60
  tags                 = local.tags["internal"]

  health_check {
    path                = "/"
    port                = "traffic-port"
    protocol            = "HTTP"
    healthy_threshold   = 3
    unhealthy_threshold = 3
    interval            = 10
  }
}

resource "aws_lb_target_group" "ssh" {
  name                 = "${var.name}-ssh"
  vpc_id               = var.vpc_id
  port                 = 22
  protocol             = "TCP"
  preserve_client_ip   = false
  deregistration_delay = 60
  tags                 = local.tags["ssh"]

  health_check {
    port                = "traffic-port"
    protocol            = "TCP"
    healthy_threshold   = 3
    unhealthy_threshold = 3
    interval            = 10
  }
}

resource "aws_lb_listener" "internal_http" {
  load_balancer_arn = aws_lb.internal_web.arn
  port              = 80
  protocol          = "TCP"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.internal_web.arn
  }
}

resource "aws_lb_listener" "internal_ssh" {
  load_balancer_arn = aws_lb.internal_web.arn
  port              = 2222
  protocol          = "TCP"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.ssh.arn
  }
}
