"""The sub-commands of ``python -m duetime``, a module for each."""
