mock_provider "aws" {
  mock_resource "aws_security_group" {
    defaults = { id = "sg-0123456789abcdef0" }
  }

  mock_resource "aws_vpc" {
    defaults = { id = "vpc-0123456789abcdef0" }
  }
}

variables {
  account_id    = "123456789012"
  bucket        = "fleetkit-demo-123456789012-us-west-2"
  dns_zone      = "demo.internal"
  images        = { flatcar = "ami-0123456789abcdef0", ubuntu = "ami-0fedcba9876543210" }
  key_name      = "fleetkit"
  name          = "demo"
  operator_cidr = "198.51.100.7/32"
  region        = "us-west-2"
  zones         = ["us-west-2a", "us-west-2b", "us-west-2c"]

  masters = {
    etcd1 = { zone = "us-west-2a", address = "10.10.3.100" }
    etcd2 = { zone = "us-west-2b", address = "10.10.4.100" }
    etcd3 = { zone = "us-west-2c", address = "10.10.5.100" }
  }

  network = {
    create          = true
    cidr            = "10.10.0.0/16"
    public_subnets  = ["10.10.0.0/24", "10.10.1.0/24", "10.10.2.0/24"]
    private_subnets = ["10.10.3.0/24", "10.10.4.0/24", "10.10.5.0/24"]
  }

  pools = {
    internal = { minimum = 0, maximum = 25, desired = 2, instance_type = "t3.medium", disk_gb = 30 }
    public   = { minimum = 0, maximum = 95, desired = 3, instance_type = "t3.medium", disk_gb = 30 }
  }
}

run "names_every_member_s_endpoint" {
  command = plan

  assert {
    condition     = output.etcd_endpoints == { etcd1 = "https://10.10.3.100:2379", etcd2 = "https://10.10.4.100:2379", etcd3 = "https://10.10.5.100:2379" }
    error_message = "Endpoints are there before anything is made."
  }

  assert {
    condition     = output.zone_name == "demo.internal"
    error_message = "The zone's name is the caller's."
  }
}

run "has_no_bastion_where_there_is_a_vpn" {
  command = plan

  variables {
    access   = "vpn"
    vpn_cidr = "172.16.0.0/22"
  }

  assert {
    condition     = output.bastion == null && output.sshuttle == null
    error_message = "A VPN needs no bastion."
  }
}

run "refuses_four_masters" {
  command = plan

  variables {
    masters = {
      etcd1 = { zone = "us-west-2a", address = "10.10.3.100" }
      etcd2 = { zone = "us-west-2b", address = "10.10.4.100" }
      etcd3 = { zone = "us-west-2c", address = "10.10.5.100" }
      etcd4 = { zone = "us-west-2a", address = "10.10.3.101" }
    }
  }

  expect_failures = [var.masters]
}

run "refuses_a_quorum_in_one_zone" {
  command = plan

  variables {
    masters = {
      etcd1 = { zone = "us-west-2a", address = "10.10.3.100" }
      etcd2 = { zone = "us-west-2a", address = "10.10.3.101" }
      etcd3 = { zone = "us-west-2c", address = "10.10.5.100" }
    }
  }

  expect_failures = [var.masters]
}

run "refuses_an_address_outside_its_subnet" {
  command = plan

  variables {
    masters = {
      etcd1 = { zone = "us-west-2a", address = "10.10.9.100" }
      etcd2 = { zone = "us-west-2b", address = "10.10.4.100" }
      etcd3 = { zone = "us-west-2c", address = "10.10.5.100" }
    }
  }

  expect_failures = [var.masters]
}

run "refuses_what_cannot_be" {
  command = plan

  variables {
    network       = { create = false, cidr = "10.10.0.0/16", vpc_id = "vpc-0123456789abcdef0" }
    operator_cidr = "0.0.0.0/0"
    tags          = { "fleetkit:cluster" = "another" }
    vpn_cidr      = "172.16.0.0/22"

    pools = {
      batch    = { minimum = 0, maximum = 1, desired = 0, instance_type = "t3.medium", disk_gb = 30 }
      internal = { minimum = 0, maximum = 25, desired = 2, instance_type = "t3.medium", disk_gb = 30 }
      public   = { minimum = 0, maximum = 95, desired = 3, instance_type = "t3.medium", disk_gb = 30 }
    }
  }

  expect_failures = [var.network, var.operator_cidr, var.pools, var.tags, var.vpn_cidr]
}
