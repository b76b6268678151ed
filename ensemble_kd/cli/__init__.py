"""The command line: one file a command, each importing its stage only when it runs."""
