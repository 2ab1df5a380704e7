"""``python -m recdata``: the command line."""

from recdata.cli import program

if __name__ == "__main__":
    program()
