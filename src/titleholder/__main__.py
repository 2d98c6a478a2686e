"""`python -m titleholder`."""

import sys

from titleholder.cli import main

sys.exit(main())
