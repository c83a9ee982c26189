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
    # Status 3 tells systemd and gunicorn not to try again. A database that is away comes back.
    raise SystemExit(1 if isinstance(error, readiness.Unreachable) else 3) from None

# What was made up to here stays. While the collector looked through it too, it held up a request for a tenth
# of a second now and then.
gc.collect()
gc.freeze()
