// @vitest-environment happy-dom
import { flushSync } from 'svelte';
import { afterEach, expect, it, vi } from 'vitest';
import { Bucket } from './bucket.svelte';

const SITES = ['GATE', 'YARD'].map((site) => ({ site, name: site, time_zone: 'UTC', index: `${site}.json` }));

afterEach(() => vi.unstubAllGlobals());

it('has no minutes of the site before while those of the chosen one are on their way', async () => {
  let arrive = (): void => undefined;
  const late = new Promise<void>((resolve) => (arrive = resolve));
  vi.stubGlobal('fetch', (address: string) => {
    if (address.endsWith('ring.json')) return Promise.resolve(Response.json({ version: 1, base: null, sites: SITES }));
    const answer = Response.json({ version: 1, site: address.slice(2, 6) });
    return address.endsWith('YARD.json') ? late.then(() => answer) : Promise.resolve(answer);
  });
  const made: Bucket[] = [];
  const stop = $effect.root(() => void made.push(new Bucket(null)));
  const [bucket] = made as [Bucket];
  flushSync();
  await vi.waitFor(() => expect(bucket.index?.site).toBe('GATE'));

  bucket.site = 'YARD';
  flushSync();
  expect(bucket.index).toBeNull();

  arrive();
  await vi.waitFor(() => expect(bucket.index?.site).toBe('YARD'));
  stop();
});
