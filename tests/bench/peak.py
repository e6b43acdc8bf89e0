"""`python -m tests.bench.peak PROGRAM ARGS`: run it, then print the most memory it held, in KB.

A small process in between, because a child counts the memory of whoever started it as its own.
"""

import resource
import subprocess
import sys

if __name__ == "__main__":
    done = subprocess.run(sys.argv[1:], stdout=sys.stderr, check=False)
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
    sys.exit(done.returncode)
