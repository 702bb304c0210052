"""What publishes by itself: `run`, which stays up, and `publish-due`, one pass for cron."""
