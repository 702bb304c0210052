"""What the office's people are notified of, and in which words. Pure: events and what is known → one message.

    lines of the journal ──grouped──▶ event groups ──notice_of──▶ notices ┐
    conditions without a line of their own (a changed file, a clock       ├──digest──▶ Message
    in doubt, a lift that comes) ──conditions, reminders──▶ notices       ┘

A release is called by its slug only once something of it has arrived somewhere. Before that, and for good if it is
called off, it has a code: the first digits of its version. No headline, no reason that a person typed, no answer of a
server and no recipient's address is ever in a notice; `pressrelease status` shows those to anyone with access.

Nothing is imported here: a pass with nothing to report loads none of it.
"""
