"""The SSH server of a machine: a real one (asyncssh), which obeys the machine's own ``sshd_config``."""
