"""Kills at random moments, and hosts that outlive their coordinator."""
