"""One pass from due to recorded: snapshot, plan, claim, send, record."""
