"""What commands print: tables, live displays, summaries. Views compute no numbers of their own."""
