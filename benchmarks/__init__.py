"""What is measured: fleetkit's side against the bare tool's, turn by turn, each against a goal."""
