"""What the suite's checks compute themselves, without a target."""
