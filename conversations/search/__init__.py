"""Search over titles and messages, a person's own or for the review everybody's: tokens, index, queries, passages."""
