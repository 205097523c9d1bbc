"""Tests of sweeps whose workers see no shared folder."""
