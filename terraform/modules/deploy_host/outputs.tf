output "is_done" {
  description = "Whether the host has marked that its work is done."
  value       = local.is_done
}
