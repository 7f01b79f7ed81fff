"""`python -m tests.rollout_operator`: the rollout's verbs on a running product's database, each with its exact moment.

One JSON object a line: `verb` with its arguments in, `before` and `after` out: readings of the clock just before the
verb was called and just after its commit.
"""

import json
import os
import sys
import time

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gvses.settings")
    django.setup()
    from apps.routing import changes, kills
    from apps.routing.ledger import current_rollout

    verbs = {"kill": kills.kill, "unkill": kills.unkill, "set_shares": changes.set_shares}
    # The first verb of all would also pay for imports and the connection.
    current_rollout()
    _say(ready=True)
    for line in sys.stdin:
        arguments = json.loads(line)
        verb = verbs[arguments.pop("verb")]
        before = time.time()
        verb(by="Bob", **arguments)
        _say(before=before, after=time.time())


def _say(**found: float) -> None:
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
