"""What publishes automatically: `run`, which stays up, and `publish-due`, one pass for cron."""
