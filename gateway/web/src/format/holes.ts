// Why a camera was not recorded, in words.

import type { Hole } from '../api/api';
import { stamp } from './time';
import { lossWord, reasonWord, retentionRuleWord, type Tone } from './words';

type Cause = Hole['cause'];

const causeWords: Record<Cause, string> = {
  not_scheduled: 'Not recorded by schedule',
  agent_stopped: 'Agent stopped',
  agent_down: 'Agent down',
  camera_off: 'Camera off',
  hub_away: 'The hub received nothing',
  disk_full: 'Disk full',
  dropped: 'Deleted',
  events_lost: 'Lost on the way',
  not_begun: 'Nothing known of it yet',
  on_its_way: 'Recorded, not here yet',
  unknown: 'Not recorded, cause unknown',
};
/** A rule that somebody has set, what nobody could have recorded, or what only comes later is no fault. */
const QUIET: readonly Cause[] = ['not_scheduled', 'dropped', 'not_begun', 'agent_stopped', 'on_its_way'];

export const holeTone = ({ cause }: Pick<Hole, 'cause'>): Tone =>
  QUIET.includes(cause) ? 'quiet' : cause === 'unknown' ? 'unknown' : 'warn';

function detail({ cause, data }: Pick<Hole, 'cause' | 'data'>): string {
  const [reason, rule, node] = [data['reason'], data['rule'], data['node']].map((value) =>
    typeof value === 'string' ? value : '',
  );
  if (cause === 'dropped') return retentionRuleWord('segment', rule ?? '');
  if (cause === 'events_lost') return lossWord(reason ?? '');
  if (cause === 'agent_down') return [node, reasonWord(reason)].filter(Boolean).join(', ');
  return reasonWord(reason);
}

/** `Camera off since 14:02 · Connection refused`. */
export function holeWords(hole: Pick<Hole, 'cause' | 'data' | 'since' | 'start'>, now: number, zone: string): string {
  const since =
    hole.since && !['dropped', 'not_begun', 'events_lost', 'on_its_way'].includes(hole.cause)
      ? ` since ${stamp(Date.parse(hole.since), now, zone)}`
      : '';
  return [causeWords[hole.cause] + since, detail(hole)].filter(Boolean).join(' · ');
}
