"""The output of commands: tables, live displays, summaries. Views compute no numbers of their own."""
