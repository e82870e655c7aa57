"""The far side of the loopback mode: what runs as a machine, in processes of its own."""
