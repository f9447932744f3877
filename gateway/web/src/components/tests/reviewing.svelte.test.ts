// @vitest-environment happy-dom
// What is said of many incidents is said of all of them, and can be taken back, also where they leave the list by it.

import { cleanup, fireEvent, screen } from '@testing-library/svelte';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import '../../../dev/browser';
import { show, type Answers } from '../../../dev/alone';
import type { Incident, Incidents } from '../../api/api';
import { nav } from '../../state/nav.svelte';
import { parseRoute } from '../../state/route';
import IncidentsPanel from '../incidents/IncidentsPanel.svelte';
import ReviewForm from '../incidents/ReviewForm.svelte';
import { asked } from './case';

const WAITS = { timeout: 15_000, interval: 5 };

interface Sent {
  path: string;
  incidents: string[];
}

/** Keeps what is posted, and answers it as the gateway does. */
function posted(all: Incident[] = []): Sent[] {
  const sent: Sent[] = [];
  const others = fetch;
  vi.stubGlobal('fetch', async (path: string, init?: RequestInit) => {
    if (init?.method !== 'POST') return others(path, init);
    const { incidents = [] } = JSON.parse(init.body as string) as { incidents?: string[] };
    sent.push({ path, incidents });
    const answered = all.length ? all : incidents.map((id) => ({ id }));
    return Response.json({ reviews: ['review-1'], incidents: answered });
  });
  return sent;
}

async function sign(): Promise<void> {
  await fireEvent.input(await screen.findByLabelText('Your name'), { target: { value: 'Mara' } });
  await fireEvent.click(screen.getByRole('button', { name: 'Reviewed' }));
}

beforeEach(() => localStorage.clear());
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

it('says it of all that were chosen, whichever the list shows meanwhile', async () => {
  const ids = Array.from({ length: 600 }, (_, number) => `inc-${number}`);
  const props = $state({
    ids,
    open: true,
    onsaid: () => {
      props.ids = props.ids.slice(500);
    },
  });
  show(ReviewForm, props);
  const sent = posted();
  await sign();

  await vi.waitFor(() => expect(sent.flatMap((one) => one.incidents)).toEqual(ids), WAITS);
});

it('says it once of each where a request fails between, and takes all of it back', async () => {
  const ids = Array.from({ length: 1100 }, (_, number) => `inc-${number}`);
  show(ReviewForm, { ids, open: true, onsaid: () => undefined });
  const sent: Sent[] = [];
  let posts = 0;
  const others = fetch;
  vi.stubGlobal('fetch', (path: string, init?: RequestInit) => {
    if (init?.method !== 'POST') return others(path, init);
    const { incidents = [] } = JSON.parse(init.body as string) as { incidents?: string[] };
    sent.push({ path, incidents });
    posts += 1;
    if (posts === 2) return Promise.resolve(Response.json({ detail: 'later' }, { status: 503 }));
    return Promise.resolve(Response.json({ reviews: [`review-${posts}`], incidents: incidents.map((id) => ({ id })) }));
  });
  await sign();
  await screen.findByRole('alert');
  expect((await screen.findByRole('status')).textContent).toContain('500 incidents reviewed');

  await fireEvent.click(screen.getByRole('button', { name: 'Reviewed' }));
  await vi.waitFor(() => expect(screen.getByRole('status').textContent).toContain('1,100 incidents reviewed'), WAITS);
  const answered = sent.filter((_, number) => number !== 1);
  expect(answered.flatMap((one) => one.incidents)).toEqual(ids);

  sent.splice(0);
  await fireEvent.click(screen.getByRole('button', { name: 'Undo' }));
  await vi.waitFor(
    () => expect(sent.map((one) => one.path.split('/').at(-2))).toEqual(['review-1', 'review-3', 'review-4']),
    WAITS,
  );
}, 30_000);

it('can be taken back where the filters let none of them through any more', async () => {
  const at = '/alerts?site=DEMO&tab=incidents&review=open';
  const listed = asked<Incidents>('/incidents', { site: 'DEMO' });
  const answers: Answers = { '/incidents': listed };
  show(IncidentsPanel, {}, { at, answers });
  const sent = posted(listed.incidents);
  await fireEvent.click(await screen.findByLabelText(/^Choose all/));
  await sign();
  await screen.findByRole('status');

  answers['/incidents'] = { incidents: [] };
  nav.route = parseRoute('/alerts', '?site=DEMO&tab=incidents&review=open&type=freeze');
  await screen.findByText('No incident');
  await fireEvent.click(screen.getByRole('button', { name: 'Undo' }));

  await vi.waitFor(() => expect(sent.at(-1)?.path).toBe('/api/v1/incident-reviews/review-1/undo'), WAITS);
  await vi.waitFor(() => expect(screen.queryByRole('region', { name: 'Chosen incidents' })).toBeNull(), WAITS);
});
