"""The sections of the report, one file each; `all_sections.py` lists them in the order in which the report shows them."""
