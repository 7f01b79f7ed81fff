#!/usr/bin/env python
"""The command line: every command of the product starts here."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gvses.settings")
    from django.core.management import execute_from_command_line

    from apps.core.request_context import bind_ids

    if len(sys.argv) > 1 and sys.argv[1].isidentifier():
        bind_ids(command=sys.argv[1])
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
