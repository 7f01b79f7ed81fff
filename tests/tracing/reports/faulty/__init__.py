"""The product with faults built in, each of which quotes what nobody outside may read."""
