import type { Fragment } from 'hls.js';
import { describe, expect, it } from 'vitest';
import { piecesOf } from './video';

const fragment = (given: Partial<Fragment>): Fragment => ({ programDateTime: 1_000_000, ...given }) as Fragment;

describe('what a playlist says of a video', () => {
  it.each([4, 4.16])(
    'begins where its first picture is shown, also where it is stored after another (%d s)',
    (duration) => {
      const first = fragment({ start: 0, duration, startPTS: 0.16, endPTS: 4.16 });

      expect(piecesOf([first])).toEqual([{ start: 0.16, duration: 4, at: 1_000_000 }]);
    },
  );

  it('begins where it is expected, as long as nothing of it is loaded', () => {
    const later = fragment({ start: 4, duration: 4 });

    expect(piecesOf([later])).toEqual([{ start: 4, duration: 4, at: 1_000_000 }]);
  });
});
