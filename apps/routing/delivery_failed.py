"""A message that did not go out through a channel: what the channels say and the delivery reads."""


class DeliveryFailed(Exception):
    """`str(error)` is a whole sentence without an address or a key, kept in the row and written to the log."""
