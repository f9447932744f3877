// What a form sends: whether it is on its way, why it was refused, and who signs it.

import { problemOf } from '../api/api';
import { problemWords } from '../format/problems';
import { prefs } from './prefs.svelte';

const UNSIGNED = 'Say who you are, so that the others know';

export class Sending {
  busy = $state(false);
  problem = $state('');

  /** The answer; `undefined` where it was refused, with the reason in `problem`, in these words. */
  async run<T>(send: () => Promise<T>, words: (error: Error) => string = problemWords): Promise<T | undefined> {
    this.busy = true;
    this.problem = '';
    try {
      return await send();
    } catch (error) {
      this.problem = words(problemOf(error));
      return undefined;
    } finally {
      this.busy = false;
    }
  }

  /** As `run`, in the name of somebody, who is remembered. Without a name nothing is sent. */
  async sign<T>(name: string, send: (by: string) => Promise<T>, unsigned = UNSIGNED): Promise<T | undefined> {
    const by = name.trim();
    if (!by) return void (this.problem = unsigned);
    prefs.remember('operator', by);
    return this.run(() => send(by));
  }
}
