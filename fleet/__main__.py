"""`python -m fleet` is `endcap fleet`."""

import sys

from fleet.cli.main import main

sys.exit(main())
