"""What both suites share: the lab carries tests of the application, which are not ours to collect."""

collect_ignore = ["lab"]
