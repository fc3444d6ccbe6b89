"""Keep what this build measured for later terms, or compare it with what an earlier one kept.

    make compare              with the newest record in results/
    make record NAME=2027     as results/2027.json
"""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "_ext"))

from changes import RESULTS, changes, last_release, record
from lesson_execution import find_data

find_data()
try:
    now = record()
except LookupError as error:
    sys.exit(str(error))
if len(sys.argv) > 1:
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{sys.argv[1]}.json"
    path.write_text(json.dumps(now, indent=0, ensure_ascii=False) + "\n", encoding="utf8")
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size // 1000} kB")
    sys.exit()

release = last_release()
if release is None:
    sys.exit("results/ keeps no release to compare with: make record NAME=... keeps this one")
name, before = release
rows = changes(before, now)
for lesson, what, was, is_now, moved in rows:
    print(f"{'MOVED' if moved else '     '} {lesson or 'environment'}: {what}\n"
          f"        {name}: {was or 'none'}\n        now: {is_now or 'none'}"
          + (f"\n        {moved}" if moved else ""))
count = sum(bool(row[-1]) for row in rows)
print(f"{len(rows)} differences from {name}; conclusions that moved: {count}")
sys.exit(count > 0)
