"""One file a command: what it takes, what it does, how it tells of it."""
