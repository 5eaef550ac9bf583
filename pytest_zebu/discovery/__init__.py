"""What a deployment tells of itself: the settings that it would need, each with where it was seen. Nothing here asks anything."""
