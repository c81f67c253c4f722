"""What pytest does not import: the process that fuzzes needs atheris, and changes what is imported after it."""

collect_ignore = ["child.py"]
