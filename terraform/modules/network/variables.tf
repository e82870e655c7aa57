variable "account_id" {
  description = "The AWS account, named in the trust of the flow log's role."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "The account id must be 12 digits."
  }
}

variable "cidr" {
  description = "Address range of the VPC."
  type        = string
  nullable    = false

  validation {
    condition     = can(cidrnetmask(var.cidr))
    error_message = "The VPC's range must be an IPv4 CIDR such as 10.10.0.0/16."
  }
}

variable "log_retention_days" {
  description = "How long flow logs are kept, in days; 0 keeps them for ever."
  type        = number
  default     = 90
  nullable    = false

  validation {
    condition     = contains([0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827, 3653], var.log_retention_days)
    error_message = "CloudWatch keeps logs for 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827 or 3653 days, or 0: for ever."
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

variable "nat_gateways" {
  description = "How many NAT gateways to make; the zones share them in turn. One is cheapest, one per zone survives the loss of a zone."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.nat_gateways >= 1 && var.nat_gateways <= length(var.zones) && floor(var.nat_gateways) == var.nat_gateways
    error_message = "There must be at least one NAT gateway, and no more than there are zones (${length(var.zones)})."
  }
}

variable "private_subnets" {
  description = "Address range of the private subnet of each zone, in the order of zones."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.private_subnets) == length(var.zones) && alltrue([for cidr in var.private_subnets : can(cidrnetmask(cidr))])
    error_message = "There must be one IPv4 CIDR for each of the ${length(var.zones)} zones."
  }
}

variable "public_subnets" {
  description = "Address range of the public subnet of each zone, in the order of zones."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.public_subnets) == length(var.zones) && alltrue([for cidr in var.public_subnets : can(cidrnetmask(cidr))])
    error_message = "There must be one IPv4 CIDR for each of the ${length(var.zones)} zones."
  }
}

variable "region" {
  description = "The region, named in the S3 endpoint's service."
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

variable "zones" {
  description = "Availability zones; each gets one public and one private subnet."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.zones) >= 2 && length(var.zones) == length(distinct(var.zones))
    error_message = "There must be two or more zones, none of them twice: application load balancers need two."
  }
}
