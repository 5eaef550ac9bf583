"""What people say and do: attestations, waivers, incidents, recurring tasks, and what git knows of them."""
