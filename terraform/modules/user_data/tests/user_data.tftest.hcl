# No provider takes part: the module only writes text.

variables {
  bucket   = "fleetkit-demo-123456789012-us-west-2"
  manifest = "roles/master/etcd1/manifest"
  region   = "us-west-2"
  role     = "master"
}

run "a_master_runs_etcd_and_never_reboots_itself" {
  command = plan

  assert {
    condition     = jsondecode(output.text).ignition.version == "3.3.0"
    error_message = "Flatcar promises Ignition 3.3.0."
  }

  assert {
    condition     = contains([for unit in jsondecode(output.text).systemd.units : unit.name], "etcd-member.service")
    error_message = "A master runs an etcd member."
  }

  assert {
    condition     = [for unit in jsondecode(output.text).systemd.units : unit.mask if unit.name == "locksmithd.service"] == [true]
    error_message = "A master is rebooted by an operator, one at a time."
  }
}

run "a_worker_has_no_etcd_and_a_window" {
  command = plan

  variables {
    manifest      = "roles/public/manifest"
    reboot_window = { start = "02:00", length = "1h" }
    role          = "public"
  }

  assert {
    condition     = !contains([for unit in jsondecode(output.text).systemd.units : unit.name], "etcd-member.service")
    error_message = "A worker is no etcd member."
  }

  assert {
    condition = strcontains(base64decode(trimprefix(
      one([for file in jsondecode(output.text).storage.files : file.contents.source if file.path == "/etc/flatcar/update.conf"]), "data:;base64,"
    )), "LOCKSMITHD_REBOOT_WINDOW_START=02:00\n")
    error_message = "A worker reboots in its window."
  }
}

run "the_deploy_host_has_its_task" {
  command = plan

  variables {
    manifest = "roles/deploy/manifest"
    role     = "deploy"
  }

  assert {
    condition     = contains([for unit in jsondecode(output.text).systemd.units : unit.name], "fleetkit-deploy.service")
    error_message = "The deploy host starts the first units."
  }
}

run "the_bastion_gets_a_script" {
  command = plan

  variables {
    manifest = "roles/bastion/manifest"
    role     = "bastion"
  }

  assert {
    condition     = startswith(output.text, "#!/bin/bash\n")
    error_message = "cloud-init runs what begins with #!."
  }

  assert {
    condition     = output.base64 == base64encode(output.text)
    error_message = "EC2 takes user data in base64."
  }
}

run "refuses_a_role_that_is_none" {
  command = plan

  variables {
    role = "node"
  }

  expect_failures = [var.role]
}

run "refuses_a_manifest_that_a_shell_would_misread" {
  command = plan

  variables {
    manifest = "roles/master/$(reboot)/manifest"
  }

  expect_failures = [var.manifest]
}

run "refuses_a_window_that_locksmith_would_misread" {
  command = plan

  variables {
    reboot_window = { start = "4 o'clock", length = "1h" }
  }

  expect_failures = [var.reboot_window]
}
