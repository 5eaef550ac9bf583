"""The subcommands of `zebu`, one module each: `add` declares its options, `run` does it and gives the exit status."""
