# The whole cluster. Modules know nothing of each other: what one gives another passes through here.

locals {
  tags       = merge(var.tags, { "fleetkit:cluster" = var.name })
  is_bastion = var.access == "bastion"

  certificate_arn = var.certificate_arn == "" ? null : var.certificate_arn

  vpc_id             = var.network.create ? module.network[0].vpc_id : var.network.vpc_id
  machine_subnet_ids = var.network.create ? module.network[0].machine_subnet_ids : var.network.private_subnet_ids
  private_subnet_ids = var.network.create ? module.network[0].private_subnet_ids : var.network.private_subnet_ids
  public_subnet_ids  = var.network.create ? module.network[0].public_subnet_ids : var.network.public_subnet_ids

  # Pools take updates at night and not in the same hour, so that one of them is always whole.
  reboot_windows = {
    internal = { start = "04:00", length = "1h" }
    public   = { start = "02:00", length = "1h" }
  }
}

module "network" {
  source = "./modules/network"
  count  = var.network.create ? 1 : 0

  account_id         = var.account_id
  cidr               = var.network.cidr
  log_retention_days = var.log_retention_days
  name               = var.name
  nat_gateways       = var.network.nat_gateways
  private_subnets    = var.network.private_subnets
  public_subnets     = var.network.public_subnets
  region             = var.region
  tags               = local.tags
  zones              = var.zones
}

module "security" {
  source = "./modules/security"

  bucket        = var.bucket
  deploy_host   = var.deploy_host.enabled
  https         = local.certificate_arn != null
  name          = var.name
  operator_cidr = local.is_bastion ? var.operator_cidr : null
  region        = var.region
  tags          = local.tags
  vpc_id        = local.vpc_id
  vpn_cidr      = local.is_bastion ? null : var.vpn_cidr
}

module "load_balancers" {
  source = "./modules/load_balancers"

  bucket              = var.bucket
  certificate_arn     = local.certificate_arn
  master_instance_ids = module.etcd.instance_ids
  name                = var.name
  private_subnet_ids  = local.private_subnet_ids
  public_subnet_ids   = local.public_subnet_ids
  security_group_ids  = module.security.load_balancer_group_ids
  tags                = local.tags
  vpc_id              = local.vpc_id
}

module "dns" {
  source = "./modules/dns"

  members   = { for name, master in var.masters : name => master.address }
  name      = var.name
  tags      = local.tags
  vpc_id    = local.vpc_id
  zone_name = var.dns_zone

  load_balancers = {
    for key in ["etcd_browser", "fleet_ui", "internal_web"] :
    replace(key, "_", "-") => { for field in ["dns_name", "zone_id"] : field => module.load_balancers.load_balancers[key][field] }
  }
}
