"""What the checks beside this file share: a line per check, and the count at the end."""

passed = failed = 0


def check(name, holds, detail=""):
    global passed, failed
    if holds:
        passed += 1
    else:
        failed += 1
    print(f"{'ok  ' if holds else 'FAIL'} {name} {detail}")


def finish():
    """Prints 'N passed, N failed'; returns the exit code."""
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0
