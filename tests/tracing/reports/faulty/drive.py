"""The process that drives the product into its faults: the SDK changes Django for good, in the suite's own too."""

import os

import django


def drive() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.tracing.reports.faulty.settings"
    django.setup()
    from tests.tracing.reports.faulty.session import main

    main()


if __name__ == "__main__":
    drive()
