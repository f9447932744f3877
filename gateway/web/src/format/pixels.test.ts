import { describe, expect, it } from 'vitest';
import { pixelsOf, pixelText } from './pixels';

describe('pixels as people write them', () => {
  it.each([
    ['', []],
    ['12, 7', [[12, 7]]],
    [
      ' 12,7 ;3 4;; ',
      [
        [12, 7],
        [3, 4],
      ],
    ],
    [
      '0, 0; 65535, 65535',
      [
        [0, 0],
        [65535, 65535],
      ],
    ],
  ])('are read: %s', (text, pixels) => {
    expect(pixelsOf(text)).toEqual({ pixels, trouble: '' });
  });

  it.each(['12', '12, 7, 3', '12, 7; x', '12.5, 7', '-1, 3', '65536, 0'])(
    'are not read in part, and what is wrong is said: %s',
    (text) => {
      const { pixels, trouble } = pixelsOf(text);

      expect(pixels).toEqual([]);
      expect(trouble).toMatch(/^“/);
    },
  );

  it('are written as they are read', () => {
    expect(
      pixelsOf(
        pixelText([
          [12, 7],
          [3, 4],
        ]),
      ).pixels,
    ).toEqual([
      [12, 7],
      [3, 4],
    ]);
  });
});
