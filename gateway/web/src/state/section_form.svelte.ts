// One section of a device's settings while somebody changes it: as it was typed, sent, confirmed or refused.

import { untrack } from 'svelte';
import { ApiError, devicePath, problemOf, sendFor, type Device, type Settings, type SettingsFields } from '../api/api';
import type { Resource } from '../api/resource.svelte';
import { sentencesAbout } from '../format/fields';
import { problemWords } from '../format/problems';
import { withChanges } from '../format/merged';
import { moment } from './moment.svelte';
import { unsaved } from './unsaved.svelte';

export type SectionName =
  'motion' | 'picture' | 'event_classes' | 'recording' | 'night' | 'snapshots' | 'fusion' | 'thermography' | 'rois';

/** Given to the form of one section. */
export interface SectionProps {
  device: Device;
  settings: Resource<Settings>;
  fields: SettingsFields | null;
}

const CONFIRMED = 'Confirmed by the device';
const MEANWHILE = 'Changed by somebody else too; what you typed stays';
const SENT = 'Sent; the device has not confirmed it yet';

export class SectionForm<N extends SectionName> {
  wanted = $state<Settings[N] | null>(null);
  message = $state('');
  wrong = $state(false);
  busy = $state(false);
  #refused = $state.raw<ApiError | null>(null);
  /** The resource is of another device by then. */
  #isGone = false;
  #name: N;
  #device: () => Device;
  #settings: () => Resource<Settings>;

  constructor(name: N, device: () => Device, settings: () => Resource<Settings>) {
    this.#name = name;
    this.#device = device;
    this.#settings = settings;
    $effect(() => () => void (this.#isGone = true));
    $effect(() => unsaved.keep(() => moment.isLive && this.isThere && !this.isSaved));
    // What is being changed stays as it was typed, also where the device reports something else meanwhile.
    let reported = '';
    $effect(() => {
      const current = this.#reported;
      if (!current || JSON.stringify(current) === reported) return;
      const before = reported;
      reported = JSON.stringify(current);
      untrack(() => this.#take(current, before));
    });
  }

  #take(now: Settings[N], before: string): void {
    const typed = $state.snapshot(this.wanted) as Settings[N] | null;
    const isBegun = typed !== null && before !== '' && JSON.stringify(typed) !== before;
    const keeps = isBegun && moment.isLive && this.message !== SENT;
    this.wanted = keeps ? withChanges(JSON.parse(before) as Settings[N], typed, now) : structuredClone(now);
    if (this.message === SENT) this.message = CONFIRMED;
    else if (keeps && !this.isSaved) [this.message, this.wrong] = [MEANWHILE, false];
  }

  get #reported(): Settings[N] | undefined {
    return this.#settings().data?.[this.#name];
  }

  /** Whether the device has such a section. */
  get isThere(): boolean {
    return this.wanted !== null && Boolean(this.#reported);
  }

  get isSaved(): boolean {
    return JSON.stringify(this.wanted) === JSON.stringify(this.#reported);
  }

  /** What the server says of one field of what it refused. */
  about(field: string): string {
    return sentencesAbout(this.#refused, `${this.#name}.${field}`);
  }

  /** The message where each field shows by itself what is wrong with it. */
  get shortMessage(): string {
    const isOfFields = this.#refused?.errors.some(({ path }) => path.startsWith(`${this.#name}.`));
    return isOfFields ? 'Not set' : this.message;
  }

  save = async (event?: SubmitEvent): Promise<void> => {
    event?.preventDefault();
    const { site, device } = this.#device();
    this.busy = true;
    try {
      const { status, body } = await sendFor<Settings>('PUT', `${devicePath(site, device)}/settings`, {
        [this.#name]: this.wanted,
      });
      [this.message, this.wrong, this.#refused] = [status === 200 ? CONFIRMED : SENT, false, null];
      if (status === 200 && !this.#isGone) this.#settings().data = body;
    } catch (error) {
      const problem = problemOf(error);
      this.#refused = problem instanceof ApiError && problem.errors.length ? problem : null;
      [this.message, this.wrong] = [sentencesAbout(this.#refused, this.#name) || problemWords(problem), true];
    }
    this.busy = false;
  };
}
