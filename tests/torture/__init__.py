"""What a journal and a dialer must survive: a bad line, a bad disk, and the power going.

The tests take seconds; with `ALPHASMS_TORTURE=long` in the environment they take minutes.
"""

import os

# Here and not where it is used: no test sees an environment of this project's names.
LONG = os.environ.get("ALPHASMS_TORTURE") == "long"
"""Whether to torture for minutes."""
