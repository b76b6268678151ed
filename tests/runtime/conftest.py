"""The laws of the core also run as a plain program, under a sanitizer: they are of no package."""

import sys
from pathlib import Path

collect_ignore = ["core_properties.py", "strategies.py"]
sys.path.append(str(Path(__file__).parent))
