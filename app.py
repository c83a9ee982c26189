"""The WSGI entry."""

import gc
import sys

from console import create_app, readiness
from console.config import BadSetting

try:
    app = create_app()
    readiness.check_start(app)
except BadSetting as error:
    # One sentence for the operator; a traceback would bury it.
    sys.stderr.write(f"Twostep can't start. {error}\n")
    raise SystemExit(error.exit_status) from None

# What was made up to here stays. While the collector looked through it too, it held up a request for a tenth
# of a second now and then.
gc.collect()
gc.freeze()
