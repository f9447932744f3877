// @vitest-environment happy-dom
import { afterEach, expect, it, vi } from 'vitest';
import { NewestPicture } from './picture.svelte';

afterEach(() => vi.unstubAllGlobals());

it.each([
  [404, { missing: true, unreachable: false }],
  [503, { missing: false, unreachable: true }],
])('a status of %d says why there is no picture', async (status, said) => {
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(null, { status })));
  const made: NewestPicture[] = [];
  const leave = $effect.root(() => {
    made.push(
      new NewestPicture(
        () => '/snapshot.jpg',
        () => 1000,
      ),
    );
  });
  const [picture] = made;

  await vi.waitFor(() => expect({ missing: picture?.missing, unreachable: picture?.unreachable }).toEqual(said));
  leave();
});
