"""Worker processes on this machine: both ends of their channel, the pool that starts and ends them, and the reaper."""
