// @vitest-environment happy-dom
// The whole page of a hub that has no site yet.

import { cleanup } from '@testing-library/svelte';
import { afterEach, expect, it, vi } from 'vitest';
import '../dev/browser';
import { read, show } from '../dev/alone';
import App from './App.svelte';

// Parts that are taken down may ask once more, so what answers stays.
afterEach(cleanup);

const EMPTY = {
  '/api/v1/sites': { sites: [], retired: [], hub: null },
  '/api/v1/enrolments': { enrols: true, agents: [] },
};

it.each([
  ['/wall', ['No site yet', 'added in the settings']],
  ['/settings', ['Agents on other machines', 'Add an agent', 'This browser']],
  ['/system', ['Consumers', 'Rejected messages']],
])(
  '%s of a hub without a site',
  async (at, reads) => {
    const shown = show(App, {}, { at, answers: EMPTY });

    await vi.waitFor(() => {
      for (const one of reads) expect(read(shown)).toContain(one);
    }, 15_000);
  },
  60_000,
);
