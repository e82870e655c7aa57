# Everything that boots. Each machine's user data comes from one module, so that all of them fetch in the same way.

module "master_user_data" {
  source   = "./modules/user_data"
  for_each = var.masters

  bucket   = var.bucket
  manifest = "roles/master/${each.key}/manifest"
  region   = var.region
  role     = "master"
}

module "etcd" {
  source = "./modules/etcd"

  ami                    = var.images.flatcar
  disk_gb                = var.masters_instance.disk_gb
  instance_profile       = module.security.instance_profiles["master"]
  instance_type          = var.masters_instance.instance_type
  key_name               = var.key_name
  name                   = var.name
  security_group_id      = module.security.group_ids["master"]
  tags                   = local.tags
  termination_protection = var.termination_protection

  members = {
    for name, master in var.masters : name => {
      address          = master.address
      subnet_id        = local.machine_subnet_ids[index(var.zones, master.zone)]
      user_data_base64 = module.master_user_data[name].base64
    }
  }
}

module "pool_user_data" {
  source   = "./modules/user_data"
  for_each = var.pools

  bucket        = var.bucket
  manifest      = "roles/${each.key}/manifest"
  reboot_window = local.reboot_windows[each.key]
  region        = var.region
  role          = each.key
}

# Both pools stand in the private subnets: the public one is reached through its load balancer and has no public address.
module "workers" {
  source   = "./modules/workers"
  for_each = var.pools

  ami               = var.images.flatcar
  bounds            = { minimum = each.value.minimum, maximum = each.value.maximum, desired = each.value.desired }
  disk_gb           = each.value.disk_gb
  instance_profile  = module.security.instance_profiles[each.key]
  instance_type     = each.value.instance_type
  key_name          = var.key_name
  name              = var.name
  pool              = each.key
  security_group_id = module.security.group_ids[each.key]
  subnet_ids        = local.machine_subnet_ids
  tags              = local.tags
  target_group_arns = module.load_balancers.pool_target_group_arns[each.key]
  user_data_base64  = module.pool_user_data[each.key].base64
}

module "bastion_user_data" {
  source = "./modules/user_data"
  count  = local.is_bastion ? 1 : 0

  bucket   = var.bucket
  manifest = "roles/bastion/manifest"
  region   = var.region
  role     = "bastion"
}

module "bastion" {
  source = "./modules/bastion"
  count  = local.is_bastion ? 1 : 0

  ami               = var.images.ubuntu
  disk_gb           = var.bastion.disk_gb
  instance_profile  = module.security.instance_profiles["bastion"]
  instance_type     = var.bastion.instance_type
  key_name          = var.key_name
  name              = var.name
  security_group_id = module.security.group_ids["bastion"]
  subnet_id         = local.public_subnet_ids[0]
  tags              = local.tags
  user_data_base64  = module.bastion_user_data[0].base64
}

module "deploy_user_data" {
  source = "./modules/user_data"
  count  = var.deploy_host.enabled ? 1 : 0

  bucket   = var.bucket
  manifest = "roles/deploy/manifest"
  region   = var.region
  role     = "deploy"
}

module "deploy_host" {
  source = "./modules/deploy_host"
  count  = var.deploy_host.enabled ? 1 : 0

  ami               = var.images.flatcar
  bucket            = var.bucket
  instance_profile  = module.security.instance_profiles["deploy"]
  instance_type     = var.deploy_host.instance_type
  key_name          = var.key_name
  look_for_mark     = var.deploy_host.look_for_mark
  name              = var.name
  security_group_id = module.security.group_ids["deploy"]
  subnet_id         = local.machine_subnet_ids[0]
  tags              = local.tags
  user_data_base64  = module.deploy_user_data[0].base64
}
