"""A peer in its own process: cases come in as lines of JSON, scores go out; ``python worker.py NAME``."""

import json
import sys
from importlib import import_module

if __name__ == "__main__":
    peer = import_module(f"peer_{sys.argv[1]}")
    out, sys.stdout = sys.stdout, sys.stderr
    print(json.dumps({"version": peer.version()}), file=out, flush=True)
    for line in sys.stdin:
        print(json.dumps(peer.scores(json.loads(line))), file=out, flush=True)
