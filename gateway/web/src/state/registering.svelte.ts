// A change of the registry: asked for, and shown once the hub has it.

import { send } from '../api/api';
import { page } from './page.svelte';
import { prefs } from './prefs.svelte';
import { Sending } from './sending.svelte';

export class Registering extends Sending {
  /** Whether the hub has taken it. */
  async ask(method: 'POST' | 'PATCH', path: string, change: Record<string, unknown>): Promise<boolean> {
    const signed = { ...change, ...(prefs.operator ? { by: prefs.operator } : {}) };
    const answer = await this.run(() => send(method, path, signed));
    if (answer === undefined) return false;
    page.deviceState.retry();
    page.sites.retry();
    return true;
  }
}
