import { expect, it } from 'vitest';
import { holeTone, holeWords } from './holes';

const at = '2026-01-05T13:02:00Z';
const now = Date.parse('2026-01-05T15:00:00Z');
const words = (cause: string, data: Record<string, unknown> = {}, since: string | null = at): string =>
  holeWords({ cause, data, since, start: at } as Parameters<typeof holeWords>[0], now, 'Europe/Berlin');

it.each([
  ['Camera off since 14:02 · Connection refused', words('camera_off', { reason: 'connection refused' })],
  ['Agent down since 14:02 · pi-1, Connection lost', words('agent_down', { node: 'pi-1', reason: 'connection lost' })],
  ['Deleted · Kept for 24 h', words('dropped', { rule: 'segment: kept for 24 h' })],
  ['Lost on the way · the link was too slow', words('events_lost', { reason: 'link_too_slow' })],
  ['Not recorded by schedule since 14:02', words('not_scheduled')],
  ['Nothing known of it yet', words('not_begun', {}, null)],
  ['Recorded, not here yet', words('on_its_way')],
  ['Not recorded, cause unknown', words('unknown', {}, null)],
])('says %s', (expected, said) => expect(said).toBe(expected));

it('warns of what is a fault, and of nothing that was wanted', () => {
  expect(
    ['camera_off', 'disk_full', 'dropped', 'not_scheduled', 'on_its_way', 'unknown'].map((cause) =>
      holeTone({ cause } as never),
    ),
  ).toEqual(['warn', 'warn', 'quiet', 'quiet', 'quiet', 'unknown']);
});
