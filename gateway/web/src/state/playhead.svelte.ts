// The one clock that all videos of the playback view keep to.

import type { Player } from './player.svelte';
import { changedSpeed } from './keys';

/** A clock that moves on by more than this at once has jumped over a hole. */
const JUMP_MS = 1000;
export const TICK_MS = 50;

/** What a tick did: moved on, waited for bytes, came to a hole at which nothing is recorded, or stood. */
export type PlayheadMove = 'moved' | 'waited' | 'hole' | 'stood';

export class Playhead {
  at = $state(0);
  playing = $state(false);
  speed = $state(1);
  muted = $state(true);
  /** In the order in which the devices were chosen. */
  #players = new Map<string, Player>();

  constructor(at: number) {
    this.at = at;
  }

  add(device: string, player: Player): void {
    this.#players.set(device, player);
    player.muted = this.muted;
  }

  remove(device: string): void {
    this.#players.delete(device);
  }

  /** `order` are the devices that are shown; `elapsed` are milliseconds since the last tick. */
  tick(order: readonly string[], elapsed: number): PlayheadMove {
    const players = this.#ordered(order);
    const there = this.#showing(players);
    const leader = there[0];
    const did = this.playing ? this.#advance(players, leader, there, elapsed) : 'stood';
    for (const player of players)
      // Those that have their bytes wait for those that do not.
      player.follow(this.at, this.speed, this.playing && (did !== 'waited' || player.waits), player === leader);
    return did;
  }

  #advance(
    players: readonly Player[],
    leader: Player | undefined,
    there: readonly Player[],
    elapsed: number,
  ): PlayheadMove {
    if (players.some((player) => !player.ready && !player.empty && !player.problem)) return 'waited';
    if (!players.length) return this.#moveTo(this.at + elapsed * this.speed);
    if (!leader) return 'hole';
    if (there.some((player) => player.waits)) return 'waited';
    return this.#moveTo(this.#reached(leader, this.at + elapsed * this.speed));
  }

  #reached(leader: Player, expected: number): number {
    const own = leader.position ?? expected;
    // A video knows no holes: it plays on with what was recorded after one. The others may have recorded meanwhile.
    const jumped = own - expected > JUMP_MS;
    return jumped ? Math.min(own, leader.endOfRun(this.at)) : Math.max(this.at, own);
  }

  #ordered(order: readonly string[]): Player[] {
    return order.flatMap((device) => this.#players.get(device) ?? []);
  }

  #showing(players: readonly Player[]): Player[] {
    return players.filter((player) => player.ready && player.has(this.at));
  }

  /** Stand where the first one stands, all at the same frame: a fast video runs on between two ticks. */
  pause(order: readonly string[]): void {
    this.playing = false;
    const players = this.#ordered(order);
    for (const player of players) player.follow(this.at, this.speed, false, true);
    const [leader] = this.#showing(players);
    this.seek(leader ? this.#reached(leader, this.at + TICK_MS * this.speed) : this.at);
  }

  #moveTo(at: number): PlayheadMove {
    this.at = at;
    return 'moved';
  }

  /** Where something is recorded again in what is loaded, on any device. */
  nextAfter(at: number): number | null {
    const found = [...this.#players.values()].flatMap((player) => player.nextAfter(at) ?? []);
    return found.length ? Math.min(...found) : null;
  }

  /** Where the next part begins that some device has and cannot be played. */
  lostAfter(at: number): number | null {
    const found = [...this.#players.values()].flatMap((player) => player.lostAfter(at) ?? []);
    return found.length ? Math.min(...found) : null;
  }

  /** Where a device can be played again, of a part of it that is met here and cannot. */
  endOfLost(device: string, at: number): number {
    return this.#players.get(device)?.endOfLost(at) ?? at;
  }

  seek(at: number): void {
    this.at = at;
    for (const player of this.#players.values()) player.seek(at);
  }

  /** One frame of the first device that has one beside the one shown; over a hole in it, of one that has recorded there. */
  step(order: readonly string[], by: 1 | -1): number | null {
    const found = this.#showing(this.#ordered(order)).flatMap((player) => {
      const to = player.beside(by);
      return to === null ? [] : [{ player, to, isWhole: player.isWhole(this.at, to) }];
    });
    const far = found.toSorted((one, other) => Math.abs(one.to - this.at) - Math.abs(other.to - this.at))[0];
    const leader = (found.find((one) => one.isWhole) ?? far)?.player;
    const at = leader?.step(by) ?? null;
    if (at === null) return null;
    this.at = at;
    for (const player of this.#players.values()) if (player !== leader) player.seek(at);
    return at;
  }

  faster(by: number): void {
    this.speed = changedSpeed(this.speed, by);
  }

  mute(muted: boolean): void {
    this.muted = muted;
    for (const player of this.#players.values()) player.muted = muted;
  }
}
