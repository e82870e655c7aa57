output "base64" {
  description = "The user data, base64 encoded as EC2 takes it."
  value       = base64encode(local.text)

  precondition {
    condition     = length(local.text) <= 16384
    error_message = "The user data of role ${var.role} is ${length(local.text)} bytes long; EC2 takes no more than 16384."
  }
}

output "text" {
  description = "The user data as the machine sees it: Ignition 3.3 as JSON for Flatcar, a shell script for the bastion."
  value       = local.text
}
