"""Data that APScheduler 3 left: read without running any of it.

Its job stores keep pickles, and a pickle is a program: whoever can write to the store can make ``pickle.loads()`` call
anything. Reading goes in two steps, so that nothing of it is run before somebody wants the job to run:

1. :mod:`.records` turns a pickle into plain values and :class:`~.records.Record` objects, which name a class or a
   function and hold what it was to be given. Nothing is imported or called.
2. :mod:`.times`, :mod:`.triggers` and :mod:`.states` make zones, times, triggers and jobs from records, by closed
   tables. What is in none of them is refused.
"""
