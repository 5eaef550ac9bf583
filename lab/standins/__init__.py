"""Stand-ins for what cannot be installed: each speaks the documented interface, and serves what is true of the lab."""
