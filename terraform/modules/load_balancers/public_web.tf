locals {
  is_https = var.certificate_arn != null
  tags     = { for part in ["web", "internal", "ssh", "fleet-ui", "etcd-ui"] : part => merge(var.tags, { Name = "${var.name}-${part}" }) }
}

resource "aws_lb" "public_web" {
  name                       = "${var.name}-web"
  load_balancer_type         = "application"
  internal                   = false
  subnets                    = var.public_subnet_ids
  security_groups            = [var.security_group_ids.public]
  drop_invalid_header_fields = true
  tags                       = local.tags["web"]

  access_logs {
    bucket  = var.bucket
    prefix  = "logs"
    enabled = true
  }
}

# The pool's proxies answer every name that they do not know with a page or a redirect: any of these is health.
resource "aws_lb_target_group" "public_web" {
  name                 = "${var.name}-web"
  vpc_id               = var.vpc_id
  port                 = 80
  protocol             = "HTTP"
  deregistration_delay = 60
  tags                 = local.tags["web"]

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

resource "aws_lb_listener" "public_http" {
  load_balancer_arn = aws_lb.public_web.arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type             = local.is_https ? "redirect" : "forward"
    target_group_arn = local.is_https ? null : aws_lb_target_group.public_web.arn

    dynamic "redirect" {
      for_each = local.is_https ? ["301"] : []

      content {
        port        = "443"
        protocol    = "HTTPS"
        status_code = "HTTP_${redirect.value}"
      }
    }
  }
}

resource "aws_lb_listener" "public_https" {
  count = local.is_https ? 1 : 0

  load_balancer_arn = aws_lb.public_web.arn
  port              = 443
  protocol          = "HTTPS"
  certificate_arn   = var.certificate_arn
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.public_web.arn
  }
}
