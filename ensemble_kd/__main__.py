"""``python -m ensemble_kd``: the same as the command ``ensemble-kd``."""

import sys

from ensemble_kd.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
