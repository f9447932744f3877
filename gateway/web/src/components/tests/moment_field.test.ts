// @vitest-environment happy-dom
// A moment that is typed on a day on which the clock shows an hour twice.

import { cleanup, fireEvent, screen } from '@testing-library/svelte';
import { afterEach, expect, it, vi } from 'vitest';
import '../../../dev/browser';
import { show } from '../../../dev/alone';
import MomentField from '../MomentField.svelte';

const FIRST = Date.parse('2025-10-26T00:30:00Z');
const SECOND = Date.parse('2025-10-26T01:30:00Z');

afterEach(cleanup);

async function shownOf(value: number): Promise<number[]> {
  const chosen: number[] = [];
  show(MomentField, { label: 'From', value, onchoose: (moment: number) => chosen.push(moment) });
  // The zone of the site comes with its answer.
  await screen.findByRole('button', { name: 'UTC+2' }, { timeout: 15_000 });
  return chosen;
}

it('stays in the second of two hours while its seconds are changed', async () => {
  const chosen = await shownOf(SECOND);

  await fireEvent.change(screen.getByLabelText('From'), { target: { value: '2025-10-26T02:30:20' } });

  await vi.waitFor(() => expect(chosen).toEqual([SECOND + 20_000]));
});

it('says which of the two it is, and goes to the other', async () => {
  const chosen = await shownOf(SECOND);
  const pressed = (name: string): string | null => screen.getByRole('button', { name }).getAttribute('aria-pressed');
  expect([pressed('UTC+2'), pressed('UTC+1')]).toEqual(['false', 'true']);

  await fireEvent.click(screen.getByRole('button', { name: 'UTC+2' }));

  expect(chosen).toEqual([FIRST]);
});
