"""What earlier runs found, and the numbers of a run that are worth remembering."""
