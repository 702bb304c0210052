"""The machine: accounts, clocks, other servers' time, locks, the private log, mounts, printable text."""
