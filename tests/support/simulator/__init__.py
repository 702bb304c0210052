"""A press office in a box: its clock, its network, its luck and its crashes are given from outside.

Everything else is the program itself: the services, the store on SQLite, the plan, the passes, the claims.
"""
