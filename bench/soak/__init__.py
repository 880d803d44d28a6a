"""A deployment of several processes that is made to fail all the time; see README.md beside this."""
