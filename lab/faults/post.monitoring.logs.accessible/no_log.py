"""A service writes its log nowhere."""

flips: set[str] = {"post.monitoring.logs.accessible"}
override = {"frontend": {"logging": {"driver": "none", "options": {}}}}
