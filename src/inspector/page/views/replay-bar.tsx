/** The moment of a recording that is shown, and the way to others, and back to the server. */
import { after, timeOfDay } from '../browser.ts';
import { hashOf } from '../place/place.ts';
import { useEffect, useId, useState } from '../preact.ts';
import type { Replay } from '../replay/replay.ts';
import { useChanges, useSession } from './use-session.ts';

/** Milliseconds between two moments while it plays: as they were recorded. */
const STEP_MS = 1000;

/** Below the bar of the page while a recording is open. */
export function ReplayBar({ replay }: { readonly replay: Replay }) {
  const session = useSession();
  const [isPlaying, setIsPlaying] = useState(false);
  useChanges(replay.changes);
  useChanges(session.comparison.changes);
  const { file, nowMs } = replay;
  const { played: marked } = session.comparison;
  const id = useId();
  const isAtEnd = nowMs >= file.endMs;
  useEffect(() => {
    if (!isPlaying) return;
    if (isAtEnd) setIsPlaying(false);
    else return after(STEP_MS, () => replay.seek(nowMs + STEP_MS));
  }, [replay, isPlaying, isAtEnd, nowMs]);
  const timeAt = (ms: number): string => timeOfDay(session.connection.peopleMs(ms));
  return (
    <section class="replay" aria-label="Recording">
      <b>{file.name}</b>
      <button
        type="button"
        onClick={() => {
          if (isAtEnd) replay.seek(file.beginMs);
          setIsPlaying(!isPlaying);
        }}
      >
        {isPlaying ? 'Pause' : 'Play'}
      </button>
      <span class="quiet">{timeAt(file.beginMs)}</span>
      <input
        type="range"
        aria-label="Moment"
        aria-valuetext={timeAt(nowMs)}
        min={file.beginMs}
        max={file.endMs}
        step={STEP_MS}
        list={id}
        value={nowMs}
        onInput={({ currentTarget }) => replay.seek(Number(currentTarget.value))}
      />
      <datalist id={id}>
        {marked?.file === file && <option value={marked.atMs} label="A" />}
      </datalist>
      <span class="quiet">{timeAt(file.endMs)}</span>
      <span>
        shown: <b>{timeAt(nowMs)}</b>
      </span>
      <button type="button" onClick={() => session.mark()}>
        Mark this moment <kbd>m</kbd>
      </button>
      {marked !== null && <a href={hashOf({ view: 'differences' })}>Differences</a>}
      <button type="button" onClick={() => session.closeRecording()}>
        Close
      </button>
    </section>
  );
}
