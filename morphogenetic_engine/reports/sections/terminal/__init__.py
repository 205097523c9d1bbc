"""Parts of reports in the terminal: bars and curves in text, tables of configurations and comparisons."""
