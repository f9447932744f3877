// A minute that the live stream says was drawn, put into the timeline that the page has.

import type { Condition, IncidentMinutes, Timeline } from '../api/api.ts';
import { MINUTE, iso } from '../format/time.ts';
import { decodeRevisions, decodeStates, encodeRevisions, encodeStates, type MinuteState } from './timeline.ts';

/** What a frame `minute` says. Numbers grow; `before` is that of the drawing before it of the site, if there was one. */
export interface DrawnMinute {
  number: number;
  before: number | null;
  site: string;
  minute: number;
  state: MinuteState;
  condition: Condition;
  types: string[];
  revision: number;
}

/** The timeline with this minute; null where another was missed, so that all of it has to be asked for. */
export function withDrawn(known: Timeline, drawn: DrawnMinute): Timeline | null {
  if (drawn.site !== known.site || drawn.number === known.drawn) return known;
  if (drawn.before === null || drawn.before > known.drawn) return null;
  if (drawn.number < known.drawn) return known;
  const first = Math.floor(Date.parse(known.from) / MINUTE);
  const count = known.newest - first + 1;
  const shift = Math.max(0, drawn.minute - known.newest);
  if (shift > 1) return null;
  const index = drawn.minute - first - shift;
  if (index < 0) return { ...known, drawn: drawn.number };

  const states = [...decodeStates(known.states, known.classes, count).slice(shift), 'no_data' as const].slice(0, count);
  const revisions = [...decodeRevisions(known.revisions).slice(shift), 0].slice(0, count);
  states[index] = drawn.state;
  revisions[index] = drawn.revision;
  return {
    ...known,
    from: iso((first + shift) * MINUTE),
    to: iso((known.newest + shift + 1) * MINUTE),
    newest: known.newest + shift,
    states: encodeStates(states, known.classes),
    revisions: encodeRevisions(revisions),
    incidents: incidentsWith(known.incidents, shift, index, drawn),
    drawn: drawn.number,
  };
}

function incidentsWith(
  known: readonly IncidentMinutes[],
  shift: number,
  index: number,
  drawn: DrawnMinute,
): IncidentMinutes[] {
  const moved = known.map((one) => ({ ...one, first: one.first - shift }));
  const parts = moved.flatMap((one) => [
    part(one, Math.max(0, one.first), Math.min(index, one.first + one.minutes)),
    part(one, Math.max(0, index + 1, one.first), one.first + one.minutes),
  ]);
  if (drawn.state === 'incident')
    parts.push({ first: index, minutes: 1, condition: drawn.condition, types: drawn.types });
  return parts
    .filter((one) => one.minutes > 0)
    .sort((one, other) => one.first - other.first)
    .reduce<IncidentMinutes[]>(joined, []);
}

const part = (of: IncidentMinutes, first: number, end: number): IncidentMinutes => ({
  ...of,
  first,
  minutes: end - first,
});

/** Neighbours that are alike are one, as the gateway has them. */
function joined(runs: IncidentMinutes[], next: IncidentMinutes): IncidentMinutes[] {
  const last = runs.at(-1);
  const isAlike = last?.condition === next.condition && last.types.join(' ') === next.types.join(' ');
  if (last && isAlike && last.first + last.minutes === next.first)
    return [...runs.slice(0, -1), { ...last, minutes: last.minutes + next.minutes }];
  return [...runs, next];
}
