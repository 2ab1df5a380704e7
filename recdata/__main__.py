"""``python -m recdata``: the command line."""

from recdata.cli import main

if __name__ == "__main__":
    main()
