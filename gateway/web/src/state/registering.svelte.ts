// A change of the registry: asked for, and shown once the hub has it.

import { ApiError, send } from '../api/api';
import { page } from './page.svelte';
import { prefs } from './prefs.svelte';
import { problemWords } from '../format/problems';

export class Registering {
  busy = $state(false);
  problem = $state('');

  /** Whether the hub has taken it. */
  async ask(method: 'POST' | 'PATCH', path: string, change: Record<string, unknown>): Promise<boolean> {
    this.busy = true;
    this.problem = '';
    try {
      await send(method, path, { ...change, ...(prefs.operator ? { by: prefs.operator } : {}) });
      page.deviceState.retry();
      page.sites.retry();
      return true;
    } catch (error) {
      if (!(error instanceof ApiError || error instanceof TypeError)) throw error;
      this.problem = problemWords(error);
      return false;
    } finally {
      this.busy = false;
    }
  }
}
