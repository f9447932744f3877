// A section of a device's settings that is filled in, sent, and confirmed by the device.

import { ApiError, devicePath, sendFor, type Device, type Settings } from '../api/api';
import { live } from '../api/live.svelte';
import { Resource } from '../api/resource.svelte';
import { problemWords } from '../format/problems';
import { sentencesAbout } from '../format/fields';
import { moment } from './moment.svelte';

type Section = 'motion' | 'picture';
type Numbers = Record<string, number>;

export class SectionForm {
  readonly settings: Resource<Settings>;
  values = $state<Numbers>({});
  notice = $state('');
  wrong = $state(false);
  busy = $state(false);
  private refused = $state.raw<ApiError | null>(null);

  constructor(
    private readonly device: () => Device,
    private readonly section: Section,
    private readonly names: readonly string[],
  ) {
    this.settings = new Resource<Settings>(() => moment.question(`${this.path}/settings`));
    $effect(() => {
      if (this.given) this.values = { ...this.given };
    });
    const source = $derived(`/sites/${this.device().site}/devices/${this.device().device}`);
    $effect(() => {
      const mine = source;
      return live.listen((recorded, type) => {
        if (type !== 'settings' || recorded.event.source !== mine) return;
        [this.notice, this.wrong, this.refused] = ['Confirmed by the device', false, null];
        this.settings.reload();
      });
    });
  }

  private get path(): string {
    return devicePath(this.device().site, this.device().device);
  }
  /** What is in force; `null` where the device has no such section. */
  get given(): Numbers | null {
    const found = this.settings.data?.[this.section] as unknown as Numbers | null | undefined;
    return found ? Object.fromEntries(this.names.map((name) => [name, found[name] ?? 0])) : null;
  }
  get changed(): boolean {
    const given = this.given;
    return given !== null && this.names.some((name) => this.values[name] !== given[name]);
  }
  /** What the server says of one field of what it refused. */
  about(name: string): string {
    return sentencesAbout(this.refused, `${this.section}.${name}`);
  }

  async save(): Promise<void> {
    this.busy = true;
    try {
      const { status, body } = await sendFor<Settings>('PUT', `${this.path}/settings`, {
        // A section is replaced as a whole: what has no field here stays.
        [this.section]: { ...this.settings.data?.[this.section], ...this.values },
      });
      // What holds is what the device has confirmed; until then what was sent stays in the fields.
      if (status === 200) this.settings.data = body;
      [this.notice, this.wrong, this.refused] = [
        status === 200 ? 'Confirmed by the device' : 'Sent; the device has not confirmed it yet',
        false,
        null,
      ];
    } catch (error) {
      if (!(error instanceof ApiError || error instanceof TypeError)) throw error;
      this.refused = error instanceof ApiError ? error : null;
      const [first] = this.refused?.errors ?? [];
      const isOfSection = first !== undefined && first.path === this.section;
      [this.notice, this.wrong] = [
        isOfSection ? first.message : this.refused?.errors.length ? 'Not set' : problemWords(error),
        true,
      ];
    }
    this.busy = false;
  }
}
