"""The plugin, by pytester."""
