"""Record what the small served model answers, so that the `support` suite runs offline.

    SUPPORT_BASE_URL=http://127.0.0.1:8765/v1 python models/support/record.py

Asks champion and candidate every item of the gold set, replays the traffic, and writes
``data/support/recording.jsonl``: answers by the digest of their request, with the times that they
took on the machine that served them. What is kept in ``.titleholder/chat/support`` is not asked
again; remove that directory to record anew.
"""

import sys
from pathlib import Path

from titleholder.adapters import chat
from titleholder.stages import conversations, manifest, traffic
from titleholder.stages.workspace import open_workspace

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Ask, replay, and write the recording."""
    ws = open_workspace(ROOT, "support")
    frame = conversations.tables.read_frame(ROOT / ws.suite.data.current)
    desk = conversations.Desk(ws, _without_recording(), ws.suite.chat)
    items = conversations.items_of(ws, frame)
    arrivals = traffic.arrivals_of(ROOT / ws.suite.chat.traffic)
    wanted = []
    for path in (ws.suite.models.champion, *ws.suite.models.candidates):
        model = chat.load(ROOT / path)
        found = desk.ask(Path(path).stem, model, items).answers
        failed = [a.error for a in found if a.error]
        if failed:
            print(f"{path}: {len(failed)} items failed, such as {failed[0]}", file=sys.stderr)
            return 1
        load = traffic.load_of(desk, model, items, arrivals)
        load.latencies()
        wanted += [*{a.request: a for a in found}.values(), desk.kept.get(load.digest)]
        print(f"{path}: {len(found)} answers, {len(arrivals)} arrivals replayed", flush=True)
    chat.write_recording(ROOT / ws.suite.chat.recording, wanted)
    return 0


def _without_recording() -> manifest.Manifest:
    return manifest.Manifest(inputs={}, sources=())


if __name__ == "__main__":
    sys.exit(main())
