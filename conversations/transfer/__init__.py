"""Conversations out of the site and into it: as Markdown, HTML and JSON, and from what other products export.

`exporting` and `archive` write; `reading` checks a file and gives its conversations in one shape (`tree.Parsed`),
`importing` stores them, `jobs` does both in the background for the import page. docs/data-model.md has the format.
"""
