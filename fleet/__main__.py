"""`python -m fleet` is `endcap fleet`."""

import sys

from fleet.cli import main

sys.exit(main())
