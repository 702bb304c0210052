"""The machine: clocks, other servers' time, locks, the private log, mounts, printable text."""
