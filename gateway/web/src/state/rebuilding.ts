// How a rebuild goes: how fast, how long still, and what became of it, read from what the gateway answers.

import type { CommandEvent } from '../api/contract';
import type { Consumer, Recorded } from '../api/api';

export const REBUILD = 'rebuild';
const WINDOW_MS = 10_000;

/** Positions a second over the last ten seconds, and the time that is left at that rate. */
export class RebuildPace {
  #seen: { at: number; position: number }[] = [];

  add(at: number, position: number): void {
    const last = this.#seen.at(-1);
    if (last && position < last.position) this.#seen = []; // begun anew
    this.#seen.push({ at, position });
    this.#seen = this.#seen.filter((one) => at - one.at <= WINDOW_MS);
  }

  /** Null until two moments are known. */
  get rate(): number | null {
    const [first, last] = [this.#seen[0], this.#seen.at(-1)];
    if (!first || !last || last.at <= first.at) return null;
    return ((last.position - first.position) * 1000) / (last.at - first.at);
  }

  secondsLeft(goal: number): number | null {
    const rate = this.rate;
    const last = this.#seen.at(-1);
    return rate && last ? Math.max(0, goal - last.position) / rate : null;
  }
}

export interface Progress {
  done: number;
  goal: number;
  share: number;
}

/** A view is made again up to where it stood; rows, which have no second checkpoint, up to the head. */
export function progressOf(consumer: Consumer, head: number): Progress | null {
  if (consumer.state !== 'rebuilding') return null;
  const done = consumer.rebuilt ?? consumer.position;
  const goal = Math.max(1, consumer.rebuilt == null ? head : consumer.position);
  return { done, goal, share: Math.min(1, done / goal) };
}

export interface Outcome {
  id: string;
  state: 'asked' | 'done' | 'failed';
  at: number;
  detail: string | null;
}

/** What is known of the last rebuild of each consumer, of events newest first. */
export function lastRebuilds(events: readonly Recorded<CommandEvent>[]): Map<string, Outcome> {
  const found = new Map<string, Outcome>();
  for (const { event } of events) {
    const { name, state, request_id: id, detail, arguments: given } = event.data;
    const consumer = given['consumer'];
    if (name !== REBUILD || typeof consumer !== 'string' || found.has(consumer)) continue;
    found.set(consumer, { id, state, at: Date.parse(event.time), detail: detail ?? null });
  }
  return found;
}

/** Why a consumer cannot be rebuilt from here; null where it can. */
export function refusalOf(consumer: Consumer): string | null {
  return consumer.kind === 'sink' ? 'Never rebuilt: what it has handed on cannot be taken back' : null;
}
