"""The command line: `main` routes, a file in `commands` does, and imports its stage to do so."""
