output "zone_id" {
  description = "Id of the private zone."
  value       = aws_route53_zone.private.zone_id
}

output "zone_name" {
  description = "Name of the private zone."
  value       = var.zone_name
}
