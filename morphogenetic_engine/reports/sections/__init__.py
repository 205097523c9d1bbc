"""The sections of the report, one file each; `all_sections.py` lists them in the order of the report."""
