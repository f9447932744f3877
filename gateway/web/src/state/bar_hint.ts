// What the bubble on the time bar says of the moment under the pointer.

import type { Device, Hole, Motion } from '../api/api';
import { holeWords } from '../format/holes.ts';
import { incidentWord, plural } from '../format/words.ts';
import { holeAt } from './playback.ts';
import { shareWord, type ShareBucket } from './shares.ts';
import type { MinuteState } from './timeline.ts';

const SHOWN = 3;
const SHOWN_IN_PLAYBACK = 2;

export interface Hint {
  at: number;
  state: MinuteState;
  /** Whose picture of that moment is shown. */
  device: Device | null;
  facts: string[];
  text: string;
}

export interface HintedLane {
  holes: readonly Hole[];
  motion: Motion['buckets'];
  bucketMs: number;
}

export interface Around {
  now: number;
  zone: string;
}

const stateWord = (state: MinuteState, isLong: boolean): string =>
  ({
    ok: 'No incident',
    incident: 'Incident',
    unknown: isLong ? 'No incident known' : 'Unknown',
    no_data: 'No data',
  })[state];

/** Of a site: its incidents, or the cause of a hole, or how it was. `isLong` is of a bar that shows more than a day. */
export function siteHint(
  at: number,
  state: MinuteState,
  incidents: readonly string[],
  cause: string | null,
  isLong: boolean,
): Hint {
  const more = incidents.length - SHOWN;
  const text = incidents.length
    ? incidents.slice(0, SHOWN).join('\n') + (more > 0 ? `\n+${more}` : '')
    : (cause ?? stateWord(state, isLong));
  return { at, state, device: null, facts: [], text };
}

/** Of a device, or a site, in the bucket of time under the pointer. */
export function shareHint(at: number, name: string, bucket: ShareBucket | null): Hint {
  const parts = bucket
    ? [
        bucket.trouble
          ? `${bucket.worst ? incidentWord(bucket.worst) : 'In trouble'} ${shareWord(bucket.trouble)}`
          : '',
        bucket.unknown ? `Unknown ${shareWord(bucket.unknown)}` : '',
        bucket.none ? `No data ${shareWord(bucket.none)}` : '',
      ].filter(Boolean)
    : ['No data'];
  const text = parts.length ? parts.join('\n') : 'No incident';
  return { at, state: bucket?.trouble ? 'incident' : 'ok', device: null, facts: name ? [name] : [], text };
}

/** Of the device whose lane is under the pointer; `isOne` where it is the only one. */
export function laneHint(
  at: number,
  device: Device | null,
  isOne: boolean,
  lane: HintedLane | null,
  incidents: readonly string[],
  { now, zone }: Around,
): Hint {
  const hole = lane ? holeAt(at, lane.holes) : null;
  const bucket = lane?.motion.find((one) => at >= Date.parse(one.time) && at < Date.parse(one.time) + lane.bucketMs);
  const facts = [
    isOne ? '' : (device?.name ?? ''),
    hole ? holeWords(hole, now, zone) : '',
    bucket ? plural(bucket.events, 'motion event') : '',
  ].filter(Boolean);
  const state = incidents.length ? 'incident' : 'ok';
  return { at, state, device, facts, text: incidents.slice(0, SHOWN_IN_PLAYBACK).join('\n') };
}
