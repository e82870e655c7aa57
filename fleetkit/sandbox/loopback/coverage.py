"""What a sandbox does not try where its machines are plain processes, as ``sandbox up`` and ``status`` show it."""

from __future__ import annotations

__all__ = ["NOT_COVERED"]

NOT_COVERED = (
    "security groups and routes: every machine reaches every other one and AWS, whatever the rules say,"
    " and so does every user of this computer",
    "roots of their own: a machine is a folder, and its programs run as you, with sight of this computer's files",
    "units: etcd, fleet and the SSH server are started as plain processes with the settings of their units;"
    " order, conditions, containers, users, timers and the journal are not tried",
    "first boot: files of Ignition and here-documents of the bastion's script are written, no script is run;"
    " the manifest is fetched with the instance's own role by the sandbox, not by fleetkit-fetch",
    "addresses of etcd's peers: they dial each other through a relay that leaves TLS and its names alone,"
    " so the check of a peer's certificate against the address it comes from is off",
    "shells and commands: sandbox shell, sandbox exec and commands over SSH are refused; forwards by SSH work",
    "the VPN way: private addresses lead nowhere on this computer, so access must be bastion",
    "the deploy host: its program is not run, so it neither starts units nor ends itself",
    "network faults: no port can be cut and no machine unplugged or frozen",
)
"""One line each: what it is, and what happens instead."""
