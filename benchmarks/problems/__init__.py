"""What the benchmarks search and measure: functions with known minima, trainings, and journals of any size."""
