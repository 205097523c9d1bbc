"""Many runs trained at once: equal layers are stacked into one operation; every bit stays that of a run alone."""
