"""How soon and how fast the two engines of the jobs do what was committed; see README.md beside this."""
