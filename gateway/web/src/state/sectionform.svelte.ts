// One section of a device's settings while somebody changes it: as it was typed, sent, confirmed or refused.

import { ApiError, devicePath, problemOf, sendFor, type Device, type Settings } from '../api/api';
import type { Resource } from '../api/resource.svelte';
import { sentencesAbout } from '../format/fields';
import { problemWords } from '../format/problems';

export type SectionName =
  'motion' | 'event_classes' | 'recording' | 'night' | 'snapshots' | 'fusion' | 'thermography' | 'rois';

export class SectionForm<N extends SectionName> {
  wanted = $state<Settings[N] | null>(null);
  message = $state('');
  wrong = $state(false);
  busy = $state(false);
  #name: N;
  #device: () => Device;
  #settings: Resource<Settings>;

  constructor(name: N, device: () => Device, settings: Resource<Settings>) {
    this.#name = name;
    this.#device = device;
    this.#settings = settings;
    // What is being changed stays as it was typed until the device reports something else.
    let reported = '';
    $effect(() => {
      const current = settings.data?.[name];
      if (!current || JSON.stringify(current) === reported) return;
      reported = JSON.stringify(current);
      this.wanted = structuredClone(current) as Settings[N];
    });
  }

  get isSaved(): boolean {
    return JSON.stringify(this.wanted) === JSON.stringify(this.#settings.data?.[this.#name]);
  }

  save = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const { site, device } = this.#device();
    this.busy = true;
    try {
      const { status, body } = await sendFor<Settings>('PUT', `${devicePath(site, device)}/settings`, {
        [this.#name]: this.wanted,
      });
      if (status === 200) this.#settings.data = body;
      this.wrong = false;
      this.message = status === 200 ? 'Confirmed by the device' : 'Sent; the device has not confirmed it yet';
    } catch (error) {
      const problem = problemOf(error);
      const refused = problem instanceof ApiError && problem.errors.length ? problem : null;
      [this.message, this.wrong] = [sentencesAbout(refused, this.#name) || problemWords(problem), true];
    }
    this.busy = false;
  };
}
