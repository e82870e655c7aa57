"""What answers in the sandbox beside moto: relays, metadata, the mirror, load balancers, public addresses."""
