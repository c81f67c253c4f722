"""`python -m phone_audit`."""

from phone_audit.cli.main import main

if __name__ == "__main__":
    main()
