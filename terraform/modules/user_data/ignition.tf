# Ignition 3.3.0: the newest version that Flatcar's own documentation promises for every release in use.

locals {
  # Masters and the deploy host are never rebooted by an update; masters are rebooted one by one by an operator.
  update_settings = var.reboot_window == null ? "REBOOT_STRATEGY=off\n" : <<-EOT
    REBOOT_STRATEGY=reboot
    LOCKSMITHD_REBOOT_WINDOW_START=${var.reboot_window.start}
    LOCKSMITHD_REBOOT_WINDOW_LENGTH=${var.reboot_window.length}
  EOT

  common_files = {
    "/etc/flatcar/update.conf"                       = { text = local.update_settings, mode = "0644" }
    "/etc/fleetkit/fetch.env"                        = { text = local.pointer, mode = "0644" }
    "/etc/ssh/sshd_config"                           = { text = file("${path.module}/files/flatcar-sshd.conf"), mode = "0600" }
    "/etc/systemd/timesyncd.conf.d/10-fleetkit.conf" = { text = file("${path.module}/files/timesyncd.conf"), mode = "0644" }
    "/opt/bin/fleetkit-fetch"                        = { text = local.fetch_script, mode = "0755" }
  }

  role_files = var.role != "deploy" ? {} : {
    "/opt/bin/fleetkit-deploy" = { text = file("${path.module}/files/fleetkit-deploy.sh"), mode = "0755" }
  }

  files = merge(local.common_files, local.role_files)

  # etcd runs as Flatcar's own user etcd, 232, which owns what it keeps.
  directories = var.role != "master" ? [] : [
    { path = "/var/lib/etcd", mode = parseint("0700", 8), user = { id = 232 }, group = { id = 232 } },
  ]

  fleet_units = ["fleet.service", "fleet.socket", "fleetkit-fetch.service", "fleetkit-install-fleet.service", "systemd-journal-gatewayd.socket"]
  role_units  = { master = ["etcd-member.service"], deploy = ["fleetkit-deploy.service"] }

  whole_units = [for unit in concat(local.fleet_units, lookup(local.role_units, var.role, [])) : {
    name     = unit
    enabled  = true
    contents = file("${path.module}/units/${unit}")
  }]

  # The host key is fetched, so the server starts after the fetch.
  # A socket cannot: sockets come up before any ordinary service, and waiting for one would be a cycle.
  changed_units = concat(
    [
      { name = "sshd.socket", mask = true },
      {
        name    = "sshd.service"
        enabled = true
        dropins = [{ name = "10-fleetkit.conf", contents = file("${path.module}/units/sshd.service.d/10-fleetkit.conf") }]
      },
    ],
    var.reboot_window == null ? [{ name = "locksmithd.service", mask = true }] : [],
  )

  ignition = {
    ignition = { version = "3.3.0" }
    storage = {
      directories = local.directories
      files = [for path, content in local.files : {
        path      = path
        mode      = parseint(content.mode, 8)
        overwrite = true
        contents  = { source = "data:;base64,${base64encode(content.text)}" }
      }]
    }
    systemd = { units = concat(local.whole_units, local.changed_units) }
  }
}
