output "endpoints" {
  description = "Name of each member to its client URL."
  value       = { for member, place in var.members : member => "https://${place.address}:2379" }
}

output "instance_ids" {
  description = "Name of each member to the id of its instance."
  value       = { for member, instance in aws_instance.member : member => instance.id }
}
