variable "access" {
  description = "The way in: bastion (an SSH host with a public address) or vpn (your own, from vpn_cidr)."
  type        = string
  default     = "bastion"
  nullable    = false

  validation {
    condition     = contains(["bastion", "vpn"], var.access)
    error_message = "The way in must be bastion or vpn."
  }
}

variable "account_id" {
  description = "The AWS account that all this is made in."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "The account id must be 12 digits."
  }
}

variable "bastion" {
  description = "The bastion's instance type and the size of its disk in GB."
  type        = object({ instance_type = string, disk_gb = number })
  default     = { instance_type = "t3.micro", disk_gb = 30 }
  nullable    = false

  validation {
    condition     = var.bastion.disk_gb >= 10
    error_message = "The bastion's disk must have 10 GB or more."
  }
}

variable "bucket" {
  description = "Name of the cluster's bucket. It is there before Terraform runs and holds what machines fetch; access logs go to its logs/."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "The bucket's name must be 3 to 63 lower-case letters, digits, dots or hyphens."
  }
}

variable "certificate_arn" {
  description = "ARN of the ACM certificate of the public web; empty: port 80 alone."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.certificate_arn == "" || can(regex("^arn:[a-z-]+:acm:", var.certificate_arn))
    error_message = "The certificate must be the ARN of an ACM certificate, or empty."
  }
}

variable "deploy_host" {
  description = "Whether to make a deploy host, which starts the first units and then ends itself, its instance type, and whether the bucket is there to look for its mark."
  type        = object({ enabled = bool, instance_type = string, look_for_mark = optional(bool, true) })
  default     = { enabled = false, instance_type = "t3.small" }
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9-]+\\.[a-z0-9-]+$", var.deploy_host.instance_type))
    error_message = "The deploy host's instance type must look like t3.small."
  }
}

variable "dns_zone" {
  description = "Name of the private zone, such as demo.internal."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]([a-z0-9-]*[a-z0-9])?$", var.dns_zone))
    error_message = "The zone's name must be a lower-case domain name of two labels or more, without a dot at its end."
  }
}

variable "images" {
  description = "Machine images by id: flatcar for masters, workers and the deploy host, ubuntu (24.04 or later) for the bastion."
  type        = object({ flatcar = string, ubuntu = string })
  nullable    = false

  validation {
    condition     = startswith(var.images.flatcar, "ami-") && (var.access == "vpn" || startswith(var.images.ubuntu, "ami-"))
    error_message = "The images must be given by ids that begin with ami-."
  }
}

variable "key_name" {
  description = "Name of the EC2 key pair whose public key the machines accept."
  type        = string
  nullable    = false

  validation {
    condition     = length(var.key_name) > 0
    error_message = "The key pair must be named."
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

variable "masters" {
  description = "Name of each master, which is also its etcd member's, to its zone and its static private address."
  type        = map(object({ zone = string, address = string }))
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7], length(var.masters))
    error_message = "There must be 1, 3, 5 or 7 masters (seen: ${length(var.masters)}): an even number tolerates no more failures than the odd one below it."
  }

  validation {
    condition     = alltrue([for master in values(var.masters) : contains(var.zones, master.zone)])
    error_message = "Every master's zone must be one of zones (${join(", ", var.zones)})."
  }

  validation {
    condition     = length(distinct([for master in values(var.masters) : master.address])) == length(var.masters)
    error_message = "Two masters have the same address."
  }

  validation {
    condition = length(var.zones) < 3 || length(var.masters) == 1 || alltrue([
      for zone in var.zones : length([for master in values(var.masters) : master if master.zone == zone]) <= floor(length(var.masters) / 2)
    ])
    error_message = "One zone holds a quorum of the masters, and its loss would be the cluster's; spread them."
  }

  validation {
    condition = !var.network.create || alltrue([
      for master in values(var.masters) : try(
        cidrhost("${master.address}/${split("/", var.network.private_subnets[index(var.zones, master.zone)])[1]}", 0)
        == cidrhost(var.network.private_subnets[index(var.zones, master.zone)], 0), false
      )
    ])
    error_message = "Every master's address must lie in the private subnet of its zone."
  }
}

variable "masters_instance" {
  description = "The masters' instance type and the size of their disks in GB; masters that run keep theirs until they are replaced."
  type        = object({ instance_type = string, disk_gb = number })
  default     = { instance_type = "t3.small", disk_gb = 50 }
  nullable    = false

  validation {
    condition     = var.masters_instance.disk_gb >= 10
    error_message = "The masters' disks must have 10 GB or more."
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

  validation {
    condition     = var.name != "internal" && !startswith(var.name, "internal-") && !startswith(var.name, "sg-")
    error_message = "AWS keeps names that begin with internal- (load balancers) or sg- (security groups) for itself."
  }
}

variable "network" {
  description = "The VPC: one to be made (create, cidr, public_subnets, private_subnets, nat_gateways), or one that exists (vpc_id, cidr, public_subnet_ids, private_subnet_ids). One subnet of each kind per zone, in the order of zones."
  type = object({
    create             = bool
    cidr               = string
    vpc_id             = optional(string, "")
    public_subnets     = optional(list(string), [])
    private_subnets    = optional(list(string), [])
    public_subnet_ids  = optional(list(string), [])
    private_subnet_ids = optional(list(string), [])
    nat_gateways       = optional(number, 1)
  })
  nullable = false

  validation {
    condition     = can(cidrnetmask(var.network.cidr))
    error_message = "The VPC's range must be an IPv4 CIDR such as 10.10.0.0/16."
  }

  validation {
    condition = alltrue([
      for list in(var.network.create ?
        [var.network.public_subnets, var.network.private_subnets] : [var.network.public_subnet_ids, var.network.private_subnet_ids]
      ) : length(list) == length(var.zones)
    ])
    error_message = "There must be one public and one private subnet for each of the ${length(var.zones)} zones."
  }

  validation {
    condition     = var.network.create || startswith(var.network.vpc_id, "vpc-")
    error_message = "A VPC that exists is named by its id, which begins with vpc-."
  }
}

variable "operator_cidr" {
  description = "From where the operator may open SSH to the bastion."
  type        = string
  nullable    = false

  validation {
    condition     = try(tonumber(split("/", var.operator_cidr)[1]) >= 16 && cidrnetmask(var.operator_cidr) != "", false)
    error_message = "The operator's range must be an IPv4 CIDR no wider than /16, such as 198.51.100.7/32."
  }
}

variable "pools" {
  description = "The two worker pools, internal and public: how few, how many and how many wanted workers, their instance type and disk in GB."
  type = map(object({
    minimum       = number
    maximum       = number
    desired       = number
    instance_type = string
    disk_gb       = number
  }))
  nullable = false

  validation {
    condition     = toset(keys(var.pools)) == toset(["internal", "public"])
    error_message = "There must be exactly the pools internal and public."
  }

  validation {
    condition     = alltrue([for pool in values(var.pools) : 0 <= pool.minimum && pool.minimum <= pool.desired && pool.desired <= pool.maximum])
    error_message = "A pool's bounds must obey 0 <= minimum <= desired <= maximum."
  }
}

variable "region" {
  description = "The region; the provider must be set to the same."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "The region must look like us-west-2."
  }
}

variable "tags" {
  description = "Further tags of everything that is made."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for key in keys(var.tags) : !startswith(lower(key), "aws:") && !startswith(key, "fleetkit:") && key != "Name"])
    error_message = "Tags that begin with aws: or fleetkit:, and the tag Name, are not yours to give."
  }
}

variable "termination_protection" {
  description = "Whether EC2 refuses to terminate masters; lift it before a master is destroyed or replaced."
  type        = bool
  default     = true
  nullable    = false
}

variable "vpn_cidr" {
  description = "With access = vpn: from where machines and load balancers are reached."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.access == "vpn" ? can(cidrnetmask(var.vpn_cidr)) && !endswith(var.vpn_cidr, "/0") : var.vpn_cidr == ""
    error_message = "The VPN's range must be an IPv4 CIDR (and not the whole world) with access = vpn, and empty otherwise."
  }
}

variable "zones" {
  description = "Availability zones, two or more; the lists of subnets follow their order."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.zones) >= 2 && length(var.zones) == length(distinct(var.zones)) && alltrue([for zone in var.zones : startswith(zone, var.region)])
    error_message = "There must be two or more zones of region ${var.region}, none of them twice: application load balancers need two."
  }
}
