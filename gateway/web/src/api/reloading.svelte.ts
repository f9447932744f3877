// Asks again for what an event of a device has changed.

import type { EventName } from './api';
import { live } from './live.svelte';

/** Call it while a component is made: as long as that is shown, each event of this type and source asks again. */
export function reloadWith(type: EventName, source: () => string, of: { reload: () => void }): void {
  // A device is a new object at each answer; only where its source is another one is there anything to begin anew.
  const wanted = $derived(source());
  $effect(() => {
    const mine = wanted;
    return live.listen(({ event }, received) => {
      if (received === type && event.source === mine) of.reload();
    });
  });
}
