import { describe, expect, it } from 'vitest';
import {
  changedSpeed,
  globalAction,
  isTypedInto,
  isWorkedBy,
  nearestSpeed,
  playbackAction,
  type Focused,
} from './keys';

describe('the keys of playback', () => {
  it.each([
    [' ', { do: 'toggle' }],
    ['k', { do: 'toggle' }],
    ['K', { do: 'toggle' }],
    ['ArrowLeft', { do: 'skip', seconds: -5 }],
    ['ArrowRight', { do: 'skip', seconds: 5 }],
    ['j', { do: 'skip', seconds: -10 }],
    ['l', { do: 'skip', seconds: 10 }],
    ['ArrowUp', { do: 'faster', by: 0.25 }],
    ['ArrowDown', { do: 'faster', by: -0.25 }],
    ['0', { do: 'jump', share: 0 }],
    ['9', { do: 'jump', share: 0.9 }],
    [',', { do: 'frame', by: -1 }],
    ['.', { do: 'frame', by: 1 }],
    ['f', { do: 'fullscreen' }],
    ['m', { do: 'mute' }],
    ['x', null],
  ])('%s', (key, action) => expect(playbackAction({ key })).toEqual(action));

  it('leaves the browser its own combinations', () => {
    expect(playbackAction({ key: 'f', ctrlKey: true })).toBeNull();
    expect(playbackAction({ key: 'l', metaKey: true })).toBeNull();
  });

  it('toggles once while a key is held, but skips on', () => {
    expect(playbackAction({ key: ' ', repeat: true })).toBeNull();
    expect(playbackAction({ key: 'ArrowRight', repeat: true })).toEqual({ do: 'skip', seconds: 5 });
  });

  it('claims no key that the whole page uses', () => {
    for (const key of ['?', 'n', 'Escape', 'g', 't']) expect(playbackAction({ key })).toBeNull();
  });
});

describe('speed', () => {
  it('moves by quarters between 0.25 and 4', () => {
    expect(changedSpeed(1, 0.25)).toBe(1.25);
    expect(changedSpeed(4, 0.25)).toBe(4);
    expect(changedSpeed(0.25, -0.25)).toBe(0.25);
    expect([changedSpeed(8, 0.25), changedSpeed(8, -0.25)]).toEqual([8, 4]);
  });

  it('lights the nearest button', () => {
    expect([0.25, 1.2, 1.8, 3.5, 7].map(nearestSpeed)).toEqual([0.25, 1, 2, 4, 8]);
  });
});

describe('the keys of the page', () => {
  it('goes to views after g only', () => {
    expect(globalAction({ key: 'w' }, null)).toBeNull();
    expect(globalAction({ key: 'w' }, 'g')).toBe('wall');
    expect(globalAction({ key: 't' }, 'g')).toBe('timeline');
    expect(globalAction({ key: 't' }, null)).toBe('theme');
    expect(globalAction({ key: 'Escape' }, null)).toBe('now');
  });
});

const on = (tag: string, more: Partial<Focused> = {}): Focused => ({
  tag,
  type: '',
  role: '',
  editable: false,
  ...more,
});

describe('the element that has the focus', () => {
  it.each([
    [on('input', { type: 'text' }), true],
    [on('input', { type: 'date' }), true],
    [on('input', { type: 'search' }), true],
    [on('textarea'), true],
    [on('select'), true],
    [on('div', { editable: true }), true],
    [on('input', { type: 'range' }), false],
    [on('input', { type: 'checkbox' }), false],
    [on('button'), false],
    [null, false],
  ])('is typed into: %j is %j', (focused, expected) => expect(isTypedInto(focused)).toBe(expected));

  it.each([
    [on('input', { type: 'range' }), 'ArrowLeft', true],
    [on('input', { type: 'range' }), ' ', false],
    [on('input', { type: 'range' }), 'n', false],
    [on('div', { role: 'slider' }), 'End', true],
    [on('div', { role: 'slider' }), 'k', false],
    [on('input', { type: 'checkbox' }), ' ', true],
    [on('button'), 'Enter', true],
    [on('button'), 'ArrowLeft', false],
    [on('a'), ' ', false],
    [on('a'), 'Enter', true],
    [null, ' ', false],
  ])('keeps its own keys alone: %j with %j is %j', (focused, key, expected) =>
    expect(isWorkedBy(focused, key)).toBe(expected),
  );
});
