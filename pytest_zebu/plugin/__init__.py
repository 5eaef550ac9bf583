"""What pytest sees: hooks, options, fixtures, the run. The only room that knows pytest."""
