"""What connects the application to the world."""
