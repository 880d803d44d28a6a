"""``make run``: ends quietly even when it is stopped before it has begun."""

import sys

try:
    from tools.demo import main

    sys.exit(main())
except KeyboardInterrupt:
    sys.exit("\nStopped.")
