variable "load_balancers" {
  description = "Name within the zone to the load balancer that it stands for: its DNS name and its hosted zone."
  type        = map(object({ dns_name = string, zone_id = string }))
  default     = {}
  nullable    = false

  validation {
    condition     = length(setintersection(keys(var.load_balancers), keys(var.members))) == 0
    error_message = "A load balancer and a member cannot share a name."
  }
}

variable "members" {
  description = "Name of each etcd member to its static private address."
  type        = map(string)
  nullable    = false

  validation {
    condition     = alltrue([for address in values(var.members) : can(cidrnetmask("${address}/32"))])
    error_message = "A member's address must be an IPv4 address."
  }

  validation {
    condition     = alltrue([for member in keys(var.members) : can(regex("^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", member))])
    error_message = "A member's name becomes a DNS label: lower-case letters, digits and hyphens."
  }
}

variable "name" {
  description = "The cluster's name; what is made is named after it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.name))
    error_message = "The name must be 3 to 20 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "tags" {
  description = "Tags of everything that is made."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for key in keys(var.tags) : !startswith(lower(key), "aws:")])
    error_message = "Tags that begin with aws: are Amazon's own."
  }
}

variable "vpc_id" {
  description = "Id of the VPC."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.vpc_id, "vpc-")
    error_message = "The VPC's id must begin with vpc-."
  }
}

variable "zone_name" {
  description = "Name of the private zone, such as demo.internal."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]([a-z0-9-]*[a-z0-9])?$", var.zone_name))
    error_message = "The zone's name must be a lower-case domain name of two labels or more, without a dot at its end."
  }
}
