"""What people and programs read. Formats print, and never count."""
