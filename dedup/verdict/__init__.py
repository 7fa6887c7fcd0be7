"""Compare the documents of a component: which repeats which, which stays, and whether too much is removed."""
