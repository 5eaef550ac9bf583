"""Tests of the plugin, the suite and the lab."""
