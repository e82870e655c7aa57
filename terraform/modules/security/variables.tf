variable "bucket" {
  description = "Name of the cluster's bucket, from which each role reads its own prefix."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "The bucket's name must be 3 to 63 lower-case letters, digits, dots or hyphens."
  }
}

variable "deploy_host" {
  description = "Whether there is a deploy host, with a group and a role of its own."
  type        = bool
  default     = false
  nullable    = false
}

variable "https" {
  description = "Whether the public load balancer listens on 443 too."
  type        = bool
  default     = false
  nullable    = false
}

variable "name" {
  description = "The cluster's name; what is made is named after it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.name))
    error_message = "The name must be 3 to 20 lower-case letters, digits and hyphens, beginning with a letter."
  }

  validation {
    condition     = !startswith(var.name, "sg-")
    error_message = "EC2 keeps names that begin with sg- for its own ids, and security groups are named after the cluster."
  }
}

variable "operator_cidr" {
  description = "From where the operator may open SSH to the bastion; null where there is a VPN instead of a bastion."
  type        = string
  default     = null

  validation {
    condition     = var.operator_cidr == null || try(tonumber(split("/", var.operator_cidr)[1]) >= 16 && cidrnetmask(var.operator_cidr) != "", false)
    error_message = "The operator's range must be an IPv4 CIDR no wider than /16, such as 198.51.100.7/32."
  }
}

variable "region" {
  description = "The region; it is part of the roles' names, because roles are global to the account."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "The region must look like us-west-2."
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

variable "vpn_cidr" {
  description = "From where members are reached through a VPN; null where there is a bastion instead."
  type        = string
  default     = null

  validation {
    condition     = var.vpn_cidr == null || (can(cidrnetmask(var.vpn_cidr)) && !try(endswith(var.vpn_cidr, "/0"), false))
    error_message = "The VPN's range must be an IPv4 CIDR, and not the whole world."
  }

  validation {
    condition     = (var.vpn_cidr == null) != (var.operator_cidr == null)
    error_message = "Exactly one way in must be given: operator_cidr (a bastion) or vpn_cidr (a VPN)."
  }
}
