"""Review: finding conversations of anybody, opening one for a reason that is kept, and what its owner is told of it."""
