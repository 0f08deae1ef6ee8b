"""Tries the server's WebSocket with the cases of the Autobahn test suite, run by kosoku.

`tests/run` calls it, with the program of `examples/echo.rs` as its only argument. Each case must end as is written
here, and all of them must have been run.
"""

import asyncio
import os
import subprocess
import sys
from collections import Counter

from kosoku import FailureError, run_fuzzingclient

# How many there are, so that none goes missing unnoticed.
CASES = 517

# What a case may end with besides OK, and why.
OTHERWISE = {
    # Its text is wrong in the middle of a frame, which is still on its way. We see it when the frame is whole; the
    # standard lets a server choose when (RFC 6455 §8.1). Where a fragment of its own is wrong (6.4.1, 6.4.2), at once.
    "6.4.3": "NON-STRICT",
    "6.4.4": "NON-STRICT",
    # The standard says nothing of what it tries: a long message and a close at once, close codes from 5000 on.
    "7.1.6": "INFORMATIONAL",
    "7.13.1": "INFORMATIONAL",
    "7.13.2": "INFORMATIONAL",
    # Compression, which is never agreed to: a server that did would end these cases otherwise.
    "12": "UNIMPLEMENTED",
    "13": "UNIMPLEMENTED",
}


def expected(case: str) -> tuple[str, str]:
    """How a case must behave, and how it must close."""
    behavior = OTHERWISE.get(case) or OTHERWISE.get(case.split(".", 1)[0]) or "OK"
    return behavior, "INFORMATIONAL" if behavior == "INFORMATIONAL" else "OK"


async def results(address: str) -> list:
    """All cases' results, whether they passed or not."""
    try:
        return await run_fuzzingclient(f"ws://{address}", concurrency=2)
    except FailureError as failure:
        return failure.results


def main(program: str) -> int:
    """Runs all cases; 1 if one ended otherwise than it must."""
    with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as echo:
        # It ends when its standard input does, which is when this is left.
        address = echo.stdout.readline().strip()
        found = asyncio.run(results(address))
    wrong = 0
    for case in found:
        got = (case.behavior.value, case.behavior_close.value)
        if got != expected(case.case_id):
            wrong += 1
            print(f"{case.case_id} ended with {got}, not {expected(case.case_id)}: {case.result}")
    print(f"WebSocket: {len(found)} cases of Autobahn tried, {len(found) - wrong} ended as they must:")
    for behavior, count in Counter(case.behavior.value for case in found).most_common():
        print(f"  {count:3} {behavior}")
    if len(found) != CASES:
        print(f"There are {CASES} cases.")
    if wrong or len(found) != CASES:
        return 1
    if tally := os.environ.get("CHATD_TEST_TALLY"):
        with open(tally, "a", encoding="utf-8") as file:
            file.write(f"{len(found)}\tcases of Autobahn\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
