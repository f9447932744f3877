import { describe, expect, it } from 'vitest';
import { changedRoute, formatRoute, parseRoute } from './route';

describe('the address', () => {
  it('says view, site, devices, moment and filters, and is read back the same', () => {
    const text = '/playback?site=DEMO&device=yard,gate&at=2026-01-05T13:25:00Z&reach=7d&overlay=off';

    const route = parseRoute('/playback', text.split('?')[1] ?? '');

    expect(route.devices).toEqual(['yard', 'gate']);
    expect(route.at).toBe(Date.parse('2026-01-05T13:25:00Z'));
    expect(route.reach).toBe(7 * 86_400_000);
    expect(route.filters).toEqual({ overlay: 'off' });
    expect(formatRoute(route)).toBe(text);
  });

  it('falls back to now and to nothing chosen for what it does not know', () => {
    expect(parseRoute('/', 'site=../etc&device=a/b&at=yesterday')).toEqual({
      view: 'wall',
      site: null,
      devices: [],
      at: null,
      reach: 86_400_000,
      filters: {},
    });
  });

  it('says of a path that leads nowhere that it does', () => {
    expect(parseRoute('/nonsense', '').view).toBe('nowhere');
    expect(parseRoute('/wall/extra', '').view).toBe('wall');
  });

  it('takes a moment that has not come yet for now', () => {
    const now = Date.parse('2026-01-05T13:25:00Z');

    expect(parseRoute('/wall', 'at=2026-01-05T13:25:01Z', now).at).toBeNull();
    expect(parseRoute('/wall', 'at=2026-01-05T13:24:59Z', now).at).toBe(now - 1000);
    for (const text of ['0001-01-01T00:00:00Z', '-271821-04-20', '1', '1970-01-01'])
      expect(parseRoute('/wall', `at=${text}`, now).at).toBeNull();
  });

  it('drops what is of one site where another is chosen, and keeps the rest', () => {
    const route = parseRoute('/alerts', 'site=DEMO&tab=incidents&type=freeze&incident=i-1&zone=oil');

    expect(formatRoute(changedRoute(route, { site: 'OTHER' }))).toBe('/alerts?site=OTHER&tab=incidents&type=freeze');
    expect(changedRoute(route, { site: 'DEMO' }).filters).toHaveProperty('incident');
  });

  it('takes no filter that the view does not know, as of an answer to a question of the view before', () => {
    const route = parseRoute('/wall', 'site=DEMO');

    expect(formatRoute(changedRoute(route, { at: null, filters: { trial: 'a1' } }))).toBe('/wall?site=DEMO');
    expect(formatRoute(changedRoute(route, { view: 'timeline', filters: { show: 'ko' } }))).toBe(
      '/timeline?site=DEMO&show=ko',
    );
  });

  it('drops the filters of a view that is left, and keeps the moment', () => {
    const route = parseRoute('/timeline', 'site=DEMO&at=2026-01-05T13:25:00Z&show=ko');

    expect(formatRoute(changedRoute(route, { view: 'alerts' }))).toBe('/alerts?site=DEMO&at=2026-01-05T13:25:00Z');
    expect(formatRoute(changedRoute(route, { filters: { show: '' } }))).toBe(
      '/timeline?site=DEMO&at=2026-01-05T13:25:00Z',
    );
  });
});
