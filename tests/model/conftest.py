"""Makes `planted` importable: the tests of this folder draw their items with it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
