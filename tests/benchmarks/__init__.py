"""What is measured, as far as it can be tried without a lab."""
